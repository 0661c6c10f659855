import { type CommandResult, concurrentChange, handleCommand } from '#event-log/handle-command.js';
import { KeyTaken } from '#event-log/key/claim-key.js';
import { retryForfeited } from '#event-log/key/retry-forfeited.js';
import type { CommandMeta } from '#kernel/command.js';
import { newIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';

import {
  requireManufacturer,
  type ResolvedManufacturer,
} from '../manufacturer/resolve-manufacturer.js';
import type { ProductRegistry } from '../registry.js';
import { type ListedFacts, ReconcileListing } from './commands.js';
import { productDecider } from './decider.js';
import { refuseLookAlike } from './find-look-alike.js';
import { claimantsOf } from './find-product.js';
import { settleMerger } from './merge-product.js';
import { claimRegistration, requireModelKey } from './register-product.js';

export interface ReconciledListing {
  readonly productId: string;
  /** `repeated`: this row was taken in before, by the same command id. */
  readonly outcome: CommandResult['outcome'];
  /** Whether this row registered the product, now or when it was taken in before. */
  readonly isNew: boolean;
  readonly result: CommandResult;
}

/**
 * Takes in one row of a published list: all that it says of one product, but what waits for a person (`openConflicts`). An unknown
 * product is registered first, in the same append, unless it looks like one that is known; a known one costs
 * two reads where it is not cached.
 *
 * Throws `MODEL_LOOKS_ALIKE` (`conflict`, details: `productId`).
 * Throws
 * `MANUFACTURER_UNKNOWN`, `MODEL_EMPTY`, `PROD_CODE_TOO_LONG`, `ELEMENTS_INVALID` (`unprocessable`), and
 * what `handleCommand` throws.
 */
export const reconcileListing = (
  registry: ProductRegistry,
  facts: ListedFacts,
  meta: CommandMeta,
  { isLikelyNew = false, beforeRegistering }: ReconcileOptions = {},
): Promise<ReconciledListing> => {
  const modelKey = requireModelKey(facts.model);
  let mayBeSkipped = isLikelyNew;
  return retryForfeited(async () => {
    const maker = await requireManufacturer(registry, facts.manufacturer, '/manufacturer');
    // Alone only until it is merged: then the other members' products are its own.
    const isSkipped = mayBeSkipped && maker.family.length === 1;
    mayBeSkipped = false;
    const known = isSkipped ? undefined : await reconcileKnown(registry, facts, meta, maker);
    if (known) return known;
    await beforeRegistering?.();
    if (!isSkipped) await refuseLookAlike(registry, maker, facts);
    return registerListed(registry, facts, meta, maker, modelKey);
  });
};

export interface ReconcileOptions {
  /**
   * The maker was only just registered: the product is not looked for, nor one that it looks like, and found only if
   * it is there after all. Of no effect where the maker answers for others.
   */
  readonly isLikelyNew?: boolean;
  /** Called where the product is not known, before anything is claimed; rejects where the row registers nothing. */
  readonly beforeRegistering?: () => Promise<void>;
}

/** Undefined where the product is not registered: its key is unclaimed, or claimed and not used. */
const reconcileKnown = async (
  registry: ProductRegistry,
  facts: ListedFacts,
  meta: CommandMeta,
  { family }: ResolvedManufacturer,
): Promise<ReconciledListing | undefined> => {
  for (const { productId, ...lookedUp } of await claimantsOf(registry, family, facts.model)) {
    const reconcileOn = (id: string) =>
      handled(registry, new ReconcileListing(id, facts, meta, lookedUp));
    try {
      return await reconcileOn(productId).catch(async (error: unknown) => {
        if (!isRefusedAs(error, 'PRODUCT_MERGED')) throw error;
        // The row is about the product that answers; it does so once it knows of the other one.
        return reconcileOn(await settleMerger(registry, productId));
      });
    } catch (error) {
      if (isRefusedAs(error, 'PRODUCT_MERGED')) throw concurrentChange();
      if (!isRefusedAs(error, 'PRODUCT_UNKNOWN')) throw error;
    }
  }
  return undefined;
};

const isRefusedAs = (error: unknown, code: string): boolean =>
  error instanceof Refusal && error.code === code;

const registerListed = async (
  registry: ProductRegistry,
  facts: ListedFacts,
  meta: CommandMeta,
  maker: ResolvedManufacturer,
  modelKey: string,
): Promise<ReconciledListing> => {
  const productId = newIdOf(meta.commandId);
  // Before any key is claimed: what is refused anyway leaves no trace.
  const unclaimed = { manufacturerId: maker.id, modelKey, code: null };
  productDecider.decide(
    new ReconcileListing(productId, facts, meta, unclaimed),
    productDecider.initialState,
  );
  registry.products.assumeNew(productId);
  try {
    const { lookedUp, claims } = await claimRegistration(
      registry,
      productId,
      maker,
      modelKey,
      meta,
    );
    const command = new ReconcileListing(productId, facts, meta, lookedUp);
    return await handled(registry, command, { claims });
  } catch (error) {
    // Somebody registered it meanwhile: the row is about that product, which is found next time.
    throw error instanceof KeyTaken ? concurrentChange() : error;
  }
};

const handled = async (
  { log, products }: ProductRegistry,
  command: ReconcileListing,
  options: Parameters<typeof handleCommand>[4] = {},
): Promise<ReconciledListing> => {
  const { productId } = command;
  const result = await handleCommand(log, products, productId, command, options);
  const isNew = productId === newIdOf(command.meta.commandId);
  return { productId, outcome: result.outcome, isNew, result };
};
