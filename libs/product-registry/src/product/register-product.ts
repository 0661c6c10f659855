import type { Position } from '#event-log/event-log.js';
import {
  type CommandResult,
  concurrentChange,
  handleCommand,
  type HandleOptions,
} from '#event-log/handle-command.js';
import { type ClaimedKey, claimKey, fenceClaim, KeyTaken } from '#event-log/key/claim-key.js';
import { retryForfeited } from '#event-log/key/retry-forfeited.js';
import type { CommandMeta } from '#kernel/command.js';
import { Refusal } from '#kernel/refusal.js';

import { modelKeyOf, modelKeysOf } from '../codes.js';
import {
  requireManufacturer,
  type ResolvedManufacturer,
  resolveSince,
} from '../manufacturer/resolve-manufacturer.js';
import { readElements } from '../read-elements.js';
import type { ProductRegistry } from '../registry.js';
import { answeringProduct } from './answering-product.js';
import { claimProdCode, refuseTooLong } from './claim-prod-code.js';
import { RegisterProduct, type Registration } from './commands.js';
import { productKey } from './decider.js';
import { findProductId } from './find-product.js';
import type { Identity } from './identity-events.js';
import { productExists } from './refusals.js';

/**
 * Registers a product under a known manufacturer: two key claims, then one append.
 *
 * Throws `PRODUCT_EXISTS` (details: `productId`), `MANUFACTURER_UNKNOWN`, `MODEL_EMPTY`,
 * `PROD_CODE_TOO_LONG`, `ELEMENTS_INVALID`, and what `handleCommand` throws.
 */
export const registerProduct = (
  registry: ProductRegistry,
  command: RegisterProduct,
  options: HandleOptions = {},
): Promise<CommandResult> =>
  retryForfeited(async () => {
    const { productId, data, meta } = command;
    const { log, products } = registry;
    const modelKey = requireModelKey(data.model);
    // Before any key is claimed: what is refused anyway leaves no trace.
    readElements(data.productType, data.elements);
    const before = options.isNew
      ? products.assumeNew(productId)
      : await products.refresh(productId);
    if (before.state.status === 'registered')
      return handleCommand(log, products, productId, command);
    products.remember(productId, before);
    const maker = await requireManufacturer(registry, data.manufacturer, '/manufacturer');
    await refuseKnown(registry, maker, data.model);
    const { lookedUp, claims } = await claimRegistration(
      registry,
      productId,
      maker,
      modelKey,
      meta,
    );
    const decided = new RegisterProduct(productId, data, meta, lookedUp);
    return handleCommand(log, products, productId, decided, { ...options, claims });
  }).catch(async (error: unknown) => {
    if (!(error instanceof KeyTaken)) throw error;
    throw productExists(await answeringProduct(registry, error.owner));
  });

export const requireModelKey = (model: string): string => {
  const modelKey = modelKeyOf(model);
  if (modelKey !== '') return modelKey;
  throw new Refusal('MODEL_EMPTY', 'unprocessable', 'a product needs a model', {
    errors: [{ pointer: '/model', reason: 'expected at least one visible character' }],
  });
};

/** The same model may stand under a manufacturer that was merged into this one, or in a former form. */
const refuseKnown = async (
  registry: ProductRegistry,
  { id, family }: ResolvedManufacturer,
  model: string,
): Promise<void> => {
  // Whether its own key in today's form is held is seen when it is claimed.
  const isOneForm = modelKeysOf(model).length === 1;
  const looked = isOneForm ? family.filter((member) => member !== id) : family;
  const found = await Promise.all(looked.map((member) => findProductId(registry, member, model)));
  const known = found.find((productId) => productId !== undefined);
  if (known !== undefined) throw productExists(known);
};

/**
 * Claims what a new product is known by. Throws `KeyTaken` where the product is registered already, under
 * this manufacturer or one that was merged into it, and `CONCURRENT_CHANGE` where this one was merged
 * meanwhile.
 */
export const claimRegistration = async (
  registry: ProductRegistry,
  productId: string,
  { id: manufacturerId, state: { code } }: ResolvedManufacturer,
  modelKey: string,
  meta: CommandMeta,
): Promise<{ readonly lookedUp: Registration; readonly claims: readonly ClaimedKey[] }> => {
  const { log, products } = registry;
  if (code !== null) await refuseTooLong(registry, productId, code, modelKey);
  // One after the other: a product that is registered already must not use up a code.
  const key = productKey(manufacturerId, modelKey);
  const product = await claimKey(log, products, key, productId, meta);
  const prodCode =
    code === null ? null : await claimProdCode(registry, productId, code, modelKey, meta);
  const name = { manufacturerId, modelKey, since: product.position };
  await ensureAnswering(registry, productId, manufacturerId, name, meta);
  return {
    lookedUp: { manufacturerId, modelKey, code: prodCode?.value ?? null },
    claims: prodCode ? [product, prodCode] : [product],
  };
};

/** A name whose key was claimed. */
export interface TakenName extends Identity {
  /** Of the claim, where one was made. */
  readonly since: Position | undefined;
}

/**
 * Mergers do not claim the models that they bring together, so whoever takes a name looks for them itself,
 * after its key is claimed: for makers as they were at the claim's position or later. Of two registrations
 * of one model under two makers, one of which is merged
 * into the other, one at least meets the other one's claim or the merger: under the absorbed maker the
 * merger is seen here, and under the answering one the claim, which is fenced where it is unused. Only
 * two that were both past this point before the merger came to its end stand side by side, as two that
 * were registered before it do, until the process that unites them meets them.
 *
 * `answering`: who answers for the maker of the name as far as the caller knows. Throws `KeyTaken`.
 */
export const ensureAnswering = async (
  registry: ProductRegistry,
  productId: string,
  answering: string,
  { manufacturerId, modelKey, since }: TakenName,
  meta: CommandMeta,
): Promise<void> => {
  const maker = await resolveSince(registry, manufacturerId, since);
  if (maker?.id !== answering) throw concurrentChange();
  for (const member of maker.family.filter((one) => one !== manufacturerId)) {
    const key = productKey(member, modelKey);
    await fenceClaim(registry.log, registry.products, key, productId, meta);
  }
};
