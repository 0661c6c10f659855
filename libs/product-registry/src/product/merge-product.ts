import {
  type CommandResult,
  concurrentChange,
  handleCommand,
  type HandleOptions,
  staleRevision,
} from '#event-log/handle-command.js';
import { retryForfeited } from '#event-log/key/retry-forfeited.js';
import type { CommandMeta } from '#kernel/command.js';
import { contentIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';

import type { ProductRegistry } from '../registry.js';
import { answeringPath, type OnPath } from './answering-product.js';
import {
  AbsorbProduct,
  MergeProduct,
  PrepareMerger,
  ReleaseProduct,
  SplitProduct,
} from './commands.js';
import { productDecider, type RegisteredProduct } from './decider.js';
import type { ProductEventOf } from './events.js';
import { requireProductId } from './find-product.js';
import { mergeCycle, unknownProduct } from './refusals.js';

// A merger is three appends. `into` says that one is coming, which fences mergers of `into` itself; the merged
// product says that it is merged, which decides; `into` takes over what that one had, which follows from it.
// A crash after the first changes nothing. After the second, whoever meets the merged product makes the third,
// with the same ids: the command when it is repeated, a row of a list, or the process that unites products.

/**
 * Makes a product another name of `into`. Throws `PRODUCT_MERGED`, `PRODUCT_MERGE_CYCLE`,
 * `PRODUCT_TYPE_DIFFERS`, `PRODUCT_UNKNOWN` and what `handleCommand` throws.
 *
 * No mergers at the same time close a ring: the second append holds only where this product is as it was
 * before the first, and whoever prepares a merger is not merged and moves on by it.
 */
export const mergeProduct = (
  registry: ProductRegistry,
  command: MergeProduct,
  { ifMatch }: HandleOptions = {},
): Promise<CommandResult> =>
  retryForfeited(async () => {
    const { productId: id, data, meta } = command;
    const { log, products } = registry;
    const { state, revision, commands } = await products.refresh(id);
    if (state.status === 'absent') throw unknownProduct();
    if (commands.has(meta.commandId)) {
      const repeated = await handleCommand(log, products, id, command);
      return withAnswer(repeated, await finishMerger(registry, id));
    }
    if (ifMatch !== undefined && ifMatch !== revision) throw staleRevision(ifMatch, revision);
    const into = await survivorOf(registry, id, state, data.into);
    const mergerId = contentIdOf('merger', meta.commandId, revision.toString());
    const decided = new MergeProduct(id, data, meta, {
      into: into.id,
      productType: into.state.productType,
      mergerId,
    });
    if (productDecider.decide(decided, state).length > 0)
      await prepare(registry, into.id, command, revision);
    const result = await handleCommand(log, products, id, decided, { ifMatch: revision }).catch(
      (error: unknown) => {
        throw isStale(error) && ifMatch === undefined ? concurrentChange() : error;
      },
    );
    return withAnswer(result, await finishMerger(registry, id));
  });

/** The product that answers for the one named; where it answers for this one already, that which this one names. */
const survivorOf = async (
  registry: ProductRegistry,
  id: string,
  { mergedInto }: RegisteredProduct,
  idOrCode: string,
): Promise<OnPath> => {
  const named = await requireProductId(registry, idOrCode).catch((error: unknown) => {
    throw error instanceof Refusal && error.code === 'PRODUCT_UNKNOWN' ? unknownInto() : error;
  });
  const found = (await answeringPath(registry, named)).at(-1);
  if (!found) throw unknownInto();
  if (found.id === id) throw mergeCycle();
  const path = await answeringPath(registry, id);
  const isDone = mergedInto !== null && path.at(-1)?.id === found.id;
  return (isDone ? path[1] : undefined) ?? found;
};

/** A command of its own at each revision of the merged one: what was said at another is said again. */
const prepare = async (
  { log, products }: ProductRegistry,
  into: string,
  { productId, meta }: MergeProduct,
  revision: bigint,
): Promise<void> => {
  const step = stepOf(meta, meta.commandId, 'prepare', revision.toString());
  await orContention(
    handleCommand(log, products, into, new PrepareMerger(into, { productId }, step)),
  );
};

/** That `into` was merged meanwhile is met at the next attempt. */
const orContention = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    const isMerged = error instanceof Refusal && error.code === 'PRODUCT_MERGED';
    throw isMerged ? concurrentChange() : error;
  }
};

/**
 * Brings what has become of a merged product to its end, on whichever side it was left: the product that
 * answers takes over what it had, or it answers for itself where that one released it. Of no effect where
 * nothing is open. Answers with what the last append led to.
 */
export const finishMerger = (
  registry: ProductRegistry,
  id: string,
): Promise<CommandResult | undefined> =>
  retryForfeited(async () => {
    const { log, products } = registry;
    const [merged, ...path] = await answeringPath(registry, id);
    const mergerId = merged?.state.mergedInto?.mergerId;
    const target = path.at(-1);
    if (!merged || mergerId === undefined || !target) return undefined;
    const known = absorptionOn(path, mergerId);
    if (known && !known.released) return undefined;
    const meta = await metaOfMerger(registry, id, mergerId);
    if (known) {
      const step = stepOf(meta, mergerId, 'split');
      return handleCommand(log, products, id, new SplitProduct(id, {}, step, { mergerId }));
    }
    const step = stepOf(meta, mergerId, 'absorb', target.id);
    const data = { productId: id, mergerId };
    const command = new AbsorbProduct(target.id, data, step, merged.state);
    return orContention(handleCommand(log, products, target.id, command));
  });

/** The product that answers for this one, which knows so by then. */
export const settleMerger = async (registry: ProductRegistry, id: string): Promise<string> => {
  await finishMerger(registry, id);
  return (await answeringPath(registry, id)).at(-1)?.id ?? id;
};

const absorptionOn = (path: readonly OnPath[], mergerId: string) => {
  for (const { id, state } of path) {
    const found = state.absorbed.find((one) => one.mergerId === mergerId);
    if (found) return { id, released: found.released };
  }
  return undefined;
};

/** Who merged it, and why: what follows from it is theirs too, whoever carries it out. */
const metaOfMerger = async (
  { log, products }: ProductRegistry,
  id: string,
  mergerId: string,
): Promise<CommandMeta> => {
  let meta: CommandMeta | undefined;
  for await (const { type, data, metadata } of log.readStream(products.streamOf(id), {})) {
    const isIt =
      type === 'ProductMerged' &&
      (data as ProductEventOf<'ProductMerged'>['data']).mergerId === mergerId;
    if (!isIt) continue;
    const { commandId, actor, source, occurredAt, $correlationId, reason, evidence } = metadata;
    meta = {
      ...{ commandId, actor, source, occurredAt, correlationId: $correlationId },
      ...(reason !== undefined && { reason }),
      ...(evidence !== undefined && { evidence }),
    };
  }
  if (!meta) throw new Error(`product ${id} was not merged by ${mergerId}`);
  return meta;
};

/**
 * Undoes the merger of a product, while the one that answers for it has not changed since. That one releases
 * it first, which decides; then it answers for itself. Throws `PRODUCT_NOT_MERGED`,
 * `PRODUCT_CHANGED_SINCE_MERGER`, `PRODUCT_MERGED` where that one was merged itself, and what `handleCommand` throws.
 */
export const splitProduct = (
  registry: ProductRegistry,
  command: SplitProduct,
  options: HandleOptions = {},
): Promise<CommandResult> =>
  retryForfeited(async () => {
    const { productId: id, data, meta } = command;
    const { log, products } = registry;
    const { state, revision, commands } = await products.refresh(id);
    if (state.status === 'absent') throw unknownProduct();
    if (commands.has(meta.commandId) || !state.mergedInto)
      return handleCommand(log, products, id, command, options);
    const { ifMatch } = options;
    if (ifMatch !== undefined && ifMatch !== revision) throw staleRevision(ifMatch, revision);
    const { mergerId } = state.mergedInto;
    await finishMerger(registry, id);
    const [, ...path] = await answeringPath(registry, id);
    const holder = absorptionOn(path, mergerId);
    if (holder) {
      const step = stepOf(meta, meta.commandId, 'release', mergerId);
      const release = new ReleaseProduct(holder.id, { productId: id, mergerId }, step);
      await handleCommand(log, products, holder.id, release);
    }
    const decided = new SplitProduct(id, data, meta, { mergerId });
    return handleCommand(log, products, id, decided, options);
  });

/** One command of several that another one leads to. */
const stepOf = (meta: CommandMeta, ...parts: readonly string[]): CommandMeta => ({
  ...meta,
  commandId: contentIdOf('command-step', ...parts),
  causationId: meta.commandId,
});

/** Who waits for the answer's position sees what the product that answers took over. */
const withAnswer = (result: CommandResult, last: CommandResult | undefined): CommandResult =>
  last?.position ? { ...result, position: last.position } : result;

const isStale = (error: unknown): boolean => error instanceof Refusal && error.kind === 'stale';

const unknownInto = () =>
  new Refusal('PRODUCT_UNKNOWN', 'unprocessable', 'there is no such product to merge into', {
    errors: [{ pointer: '/into', reason: 'expected the id or a code of a registered product' }],
  });
