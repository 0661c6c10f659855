import { renameModel, transferProduct } from '../product/change-identity.js';
import { MergeProduct, RenameModel, SplitProduct, TransferProduct } from '../product/commands.js';
import type { RegisteredProduct } from '../product/decider.js';
import { mergeProduct, splitProduct } from '../product/merge-product.js';
import type { ProductRegistry } from '../registry.js';
import { newMeta } from './make.js';

export const transfer = (
  registry: ProductRegistry,
  id: string,
  manufacturer: string,
  more: { readonly release?: true } = {},
  commandId?: string,
) => {
  const data = { manufacturer, from: '2025-07-01', ...more };
  return transferProduct(registry, new TransferProduct(id, data, newMeta(commandId)));
};

export const rename = (
  registry: ProductRegistry,
  id: string,
  model: string,
  more: { readonly release?: true } = {},
  commandId?: string,
) => renameModel(registry, new RenameModel(id, { model, ...more }, newMeta(commandId)));

export const merge = (registry: ProductRegistry, id: string, into: string, commandId?: string) =>
  mergeProduct(registry, new MergeProduct(id, { into }, newMeta(commandId)));

export const split = (registry: ProductRegistry, id: string, commandId?: string) =>
  splitProduct(registry, new SplitProduct(id, {}, newMeta(commandId)));

/** The product as its stream says it now. */
export const stateOf = async (
  registry: ProductRegistry,
  id: string,
): Promise<RegisteredProduct> => {
  const { state } = await registry.products.refresh(id);
  if (state.status === 'absent') throw new Error(`${id} is no product`);
  return state;
};
