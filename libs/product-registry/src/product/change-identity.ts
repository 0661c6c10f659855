import {
  type CommandResult,
  concurrentChange,
  handleCommand,
  type HandleOptions,
  settledWithoutAppend,
} from '#event-log/handle-command.js';
import { type ClaimedKey, claimKey, KeyTaken } from '#event-log/key/claim-key.js';
import { retryForfeited } from '#event-log/key/retry-forfeited.js';
import type { CommandMeta } from '#kernel/command.js';
import { Refusal } from '#kernel/refusal.js';

import { entityCodeOf } from '../codes.js';
import {
  requireManufacturer,
  type ResolvedManufacturer,
} from '../manufacturer/resolve-manufacturer.js';
import type { ProductRegistry } from '../registry.js';
import { answeringProduct } from './answering-product.js';
import { claimProdCode, refuseTooLong } from './claim-prod-code.js';
import { RenameModel, TransferProduct } from './commands.js';
import { productKey, type RegisteredProduct } from './decider.js';
import { findProductId } from './find-product.js';
import type { Identity } from './identity-events.js';
import { identityOf } from './names.js';
import { nameOfAnother, unknownProduct } from './refusals.js';
import { ensureAnswering, requireModelKey } from './register-product.js';

/**
 * Gives a product to another manufacturer. Its former name stays its own, unless it was an error. Where the
 * new manufacturer has an EntityCode the product gets a code of it, in the same append, and keeps its others.
 *
 * Throws `PRODUCT_EXISTS` (details: `productId`) where that manufacturer has the model already,
 * `PRODUCT_MERGED`, `PRODUCT_UNKNOWN`, `MANUFACTURER_UNKNOWN`, `PROD_CODE_TOO_LONG`, and what `handleCommand` throws.
 */
export const transferProduct = (
  registry: ProductRegistry,
  { productId, data, meta }: TransferProduct,
  options: HandleOptions = {},
): Promise<CommandResult> =>
  changeIdentity(registry, productId, meta, options, async (state) => {
    const { manufacturerId: own, modelKey } = identityOf(state);
    const maker = await requireManufacturer(registry, data.manufacturer, '/manufacturer');
    // Its manufacturer may have been merged into this one: then it is its product already.
    const manufacturerId = maker.family.includes(own) ? own : maker.id;
    return {
      maker,
      name: { manufacturerId, modelKey },
      entityCode: maker.state.code,
      command: (code) => new TransferProduct(productId, data, meta, { manufacturerId, code }),
    };
  });

/**
 * Gives a product's model another spelling or name, and a code of it. The former ones stay its own, unless
 * the former name was an error. Throws as `transferProduct` does, and `MODEL_EMPTY`.
 */
export const renameModel = (
  registry: ProductRegistry,
  { productId, data, meta }: RenameModel,
  options: HandleOptions = {},
): Promise<CommandResult> =>
  changeIdentity(registry, productId, meta, options, async (state) => {
    const { manufacturerId } = identityOf(state);
    const modelKey = requireModelKey(data.model);
    const maker = await requireManufacturer(registry, manufacturerId, '/manufacturer');
    return {
      maker,
      name: { manufacturerId, modelKey },
      entityCode: state.code === null ? maker.state.code : entityCodeOf(state.code),
      command: (code) => new RenameModel(productId, data, meta, { modelKey, code }),
    };
  });

interface NewIdentity {
  /** Who answers for the name. */
  readonly maker: ResolvedManufacturer;
  readonly name: Identity;
  readonly entityCode: string | null;
  readonly command: (code: string | null) => TransferProduct | RenameModel;
}

/** The keys of the new name are claimed before the append, which holds only at the revision that they follow from. */
const changeIdentity = (
  registry: ProductRegistry,
  productId: string,
  meta: CommandMeta,
  options: HandleOptions,
  lookUp: (state: RegisteredProduct) => Promise<NewIdentity>,
): Promise<CommandResult> =>
  retryForfeited(async () => {
    const { log, products } = registry;
    const { state, revision } = await products.refresh(productId);
    if (state.status === 'absent') throw unknownProduct();
    const { maker, name, entityCode, command } = await lookUp(state);
    const settled = await settledWithoutAppend(products, productId, command(null), options);
    if (settled) return settled;
    const claims = await claimName(registry, productId, maker, name, meta);
    const code = await claimCode(registry, productId, entityCode, name.modelKey, meta);
    const taken = { ...name, since: claims[0]?.position };
    await ensureAnswering(registry, productId, maker.id, taken, meta).catch(
      orOfAnother(registry, productId),
    );
    return handleCommand(log, products, productId, command(code?.value ?? null), {
      claims: code ? [...claims, code] : claims,
      ifMatch: revision,
    }).catch((error: unknown) => {
      throw isStale(error) && options.ifMatch === undefined ? concurrentChange() : error;
    });
  });

const claimName = async (
  registry: ProductRegistry,
  productId: string,
  { family }: ResolvedManufacturer,
  { manufacturerId, modelKey }: Identity,
  meta: CommandMeta,
): Promise<readonly ClaimedKey[]> => {
  const { log, products } = registry;
  for (const member of family) {
    const found = await findProductId(registry, member, modelKey);
    if (found !== undefined && found !== productId) throw nameOfAnother(found);
  }
  const key = productKey(manufacturerId, modelKey);
  const holder = await registry.holderOf(products, key);
  // One that was merged into this product has it: no split is possible after this change, so it leads here for good.
  const isOwn = holder !== undefined && (await answeringProduct(registry, holder)) === productId;
  if (isOwn && holder !== productId) return [];
  try {
    return [await claimKey(log, products, key, productId, meta)];
  } catch (error) {
    if (!(error instanceof KeyTaken)) throw error;
    throw nameOfAnother(await answeringProduct(registry, error.owner));
  }
};

const claimCode = async (
  registry: ProductRegistry,
  productId: string,
  entityCode: string | null,
  modelKey: string,
  meta: CommandMeta,
): Promise<ClaimedKey | undefined> => {
  if (entityCode === null) return undefined;
  await refuseTooLong(registry, productId, entityCode, modelKey);
  return claimProdCode(registry, productId, entityCode, modelKey, meta);
};

/** A product that was merged into this one may have the name under a manufacturer that was merged, too. */
const orOfAnother =
  (registry: ProductRegistry, productId: string) =>
  async (error: unknown): Promise<void> => {
    if (!(error instanceof KeyTaken)) throw error;
    const answering = await answeringProduct(registry, error.owner);
    if (answering !== productId) throw nameOfAnother(answering);
  };

const isStale = (error: unknown): boolean => error instanceof Refusal && error.kind === 'stale';
