import { isAfter } from '#event-log/position.js';
import type { ReadStore } from '#read-store/read-store.js';

import { clearAttempts } from './attempts.js';
import {
  countLess,
  Fenced,
  moveCheckpoint,
  type Moved,
  type OwnPartition,
  stopCheckpoint,
} from './checkpoints.js';
import type { Follower, SubscriptionClient } from './follower.js';
import { discardedEvents, park, parkedKeys } from './park.js';
import { type Checkpoint, type Delivery, type Item, type Scope, Undecodable } from './source.js';
import { turnsOf } from './turns.js';
import { isTimeOut, StatementTooSlow, WatchedClient } from './watched-client.js';

/** What became of the events of a step. */
export interface Counts {
  readonly done: number;
  readonly skipped: number;
  readonly parked: number;
}

/** Some items of a delivery, and the checkpoint behind them. */
export type Step<T> = Pick<Delivery<T>, 'items' | 'count' | 'through' | 'end'>;

/** A step as seen from a checkpoint: what is new there, and where it leads. */
export interface SortedStep<T> {
  readonly items: readonly Item<T>[];
  readonly undecodable: readonly Item<T>[];
  readonly count: number;
  readonly skipped: number;
  readonly to: Checkpoint;
  readonly recordedAt: string | undefined;
  readonly end: bigint | undefined;
}

/** Passes over what was handled before: below the offset, or not behind the last position. */
export const sortStep = <T>(
  from: Checkpoint,
  { items, count, through, end }: Step<T>,
): SortedStep<T> => {
  const fresh: Item<T>[] = [];
  const undecodable: Item<T>[] = [];
  let { position, recordOffset } = from;
  for (const item of items) {
    if (item.offset < from.nextOffset) continue;
    if (item.payload instanceof Undecodable) undecodable.push(item);
    else if (item.position && isAfter(item.position, position)) {
      fresh.push(item);
      position = item.position;
      recordOffset = item.offset;
    }
  }
  const later =
    through.position && isAfter(through.position, position) ? through.position : position;
  return {
    items: fresh,
    undecodable,
    count,
    skipped: items.length - fresh.length - undecodable.length,
    to: {
      nextOffset: through.nextOffset > from.nextOffset ? through.nextOffset : from.nextOffset,
      position: later,
      recordOffset,
      anchor: through.anchor ?? from.anchor,
    },
    recordedAt: through.recordedAt ?? fresh.at(-1)?.recordedAt,
    end,
  };
};

/** Events before the first item of a part are counted with it, those behind the last one with the last part. */
export const partOf = <T>(
  { through, end, items: all, count }: Delivery<T>,
  items: readonly Item<T>[],
  rest: readonly Item<T>[],
): Step<T> => {
  const last = items.at(-1);
  const isLast = rest.length === 0 || !last;
  return {
    items,
    count: isLast ? count - (all.length - items.length) : items.length,
    through: isLast
      ? through
      : {
          nextOffset: last.nextOffset,
          ...(last.recordedAt !== undefined && { recordedAt: last.recordedAt }),
        },
    ...(end !== undefined && { end }),
  };
};

export interface StepContext<T> {
  readonly store: ReadStore;
  readonly follower: Follower<T>;
  readonly own: OwnPartition;
  readonly state: Scope['state'];
  /** One of its events may be what made a step fail or a process end. */
  readonly isolated?: boolean;
}

/** A step of more events has a transaction of its own: others would wait for it. */
const maxShared = 250;

/** Losing the last commits of a crashed server loses their checkpoint too: the events are handled again. */
const setUpOf = <T>({ follower, own, state }: StepContext<T>): string =>
  ['set local synchronous_commit = off', follower.setUp?.({ name: own.scope, state })]
    .filter((statement) => statement !== undefined)
    .join('; ');

/**
 * Handles a step and moves the checkpoint from `from` behind it, in one transaction. Events whose key has
 * parked ones join them, as do records that are undecodable; discarded events are passed over.
 *
 * Throws `Fenced` when the checkpoint is not at `from` (nothing was written then), and whatever the
 * follower throws.
 */
export const handleStep = async <T>(
  context: StepContext<T>,
  from: Checkpoint,
  step: SortedStep<T>,
  signal: AbortSignal,
): Promise<Counts> => {
  const { store, follower, own, state } = context;
  const { items, to } = step;
  const acted = follower.act && (await act(context, items, signal));
  const counts = { ...step, done: items.length };
  const write = (client: SubscriptionClient, moved: Moved): Promise<Counts> =>
    writeStep(context, step, acted, client, moved);
  const setUp = setUpOf(context);
  const shares = follower.shares && !context.isolated && state === 'running';
  if (shares && items.length <= maxShared) {
    const taken = await turnsOf(store).take({ own, state, from, to, counts, setUp, write });
    if (taken) return taken;
  }
  return store.transaction(
    async (client) => write(client, await moveCheckpoint(client, own, state, from, to, counts)),
    setUp,
  );
};

/** What becomes of the events of a step whose checkpoint is moved. */
const writeStep = async <T>(
  { follower, own }: StepContext<T>,
  step: SortedStep<T>,
  acted: readonly Item<T>[] | undefined,
  client: SubscriptionClient,
  moved: Moved,
): Promise<Counts> => {
  const { items, undecodable } = step;
  const { kept, behind, handled } = await sortParked(client, own, items, moved);
  const discarded = await discardedOf(client, own, undecodable, moved);
  const strange = undecodable.filter(({ id }) => !discarded.has(id));
  // A retry let an event through that waited when the follower acted: the step begins anew.
  if (acted && acted.length !== handled.length) throw new Fenced();
  if (handled.length < items.length) await countLess(client, own, items.length - handled.length);
  await park(client, own, [
    ...strange.map((item) => ({ item, attempts: 1, error: reasonOf(item) })),
    ...behind.map((item) => ({ item, attempts: 0, error: null })),
  ]);
  await handle(follower, own, payloadsOf(handled), client);
  if (moved.hasAttempts) await clearAttempts(client, own, idsOf(items));
  return {
    done: handled.length,
    skipped: step.skipped + items.length - kept.length + discarded.size,
    parked: strange.length + behind.length,
  };
};

interface SortedItems<T> {
  /** Not discarded: `behind` a parked event of their key, or `handled`. */
  readonly kept: readonly Item<T>[];
  readonly behind: readonly Item<T>[];
  readonly handled: readonly Item<T>[];
}

const sortParked = async <T>(
  client: SubscriptionClient,
  own: OwnPartition,
  items: readonly Item<T>[],
  moved: Pick<Moved, 'hasDiscarded' | 'hasParked'>,
): Promise<SortedItems<T>> => {
  const discarded = await discardedOf(client, own, items, moved);
  const waiting = moved.hasParked
    ? await parkedKeys(client, own, [...new Set(items.map(({ key }) => key))])
    : nothing;
  const kept = discarded.size > 0 ? items.filter(({ id }) => !discarded.has(id)) : items;
  if (waiting.size === 0) return { kept, behind: [], handled: kept };
  return {
    kept,
    behind: kept.filter(({ key }) => waiting.has(key)),
    handled: kept.filter(({ key }) => !waiting.has(key)),
  };
};

const nothing: ReadonlySet<string> = new Set();

const discardedOf = async (
  client: SubscriptionClient,
  { subscription }: OwnPartition,
  items: readonly Item<unknown>[],
  { hasDiscarded }: Pick<Moved, 'hasDiscarded'>,
): Promise<ReadonlySet<string>> =>
  hasDiscarded && items.length > 0 ? discardedEvents(client, subscription, idsOf(items)) : nothing;

const idsOf = (items: readonly Item<unknown>[]): string[] => items.map(({ id }) => id);

/** Has the follower act on those that are not parked or discarded, and answers with them. */
const act = async <T>(
  { store, follower, own }: StepContext<T>,
  items: readonly Item<T>[],
  signal: AbortSignal,
): Promise<readonly Item<T>[]> => {
  const all = { hasDiscarded: true, hasParked: true };
  const { handled } = await sortParked(store.pool, own, items, all);
  if (handled.length > 0) await follower.act?.(payloadsOf(handled), signal);
  signal.throwIfAborted();
  return handled;
};

const reasonOf = ({ payload }: Item<unknown>): string | null =>
  payload instanceof Undecodable ? payload.reason : null;

/** Has the follower handle `events`, if there are any. */
export const handle = async <T>(
  follower: Follower<T>,
  { scope, partition }: Pick<OwnPartition, 'scope' | 'partition'>,
  events: readonly T[],
  client: SubscriptionClient,
): Promise<void> => {
  if (events.length === 0) return;
  const watched = new WatchedClient(client);
  try {
    await follower.handle(events, watched.client, { scope, partition });
  } catch (error) {
    // The statements of projections are ours: those that take too long wait for a store that is slow.
    const isTooSlow = isTimeOut(error) && follower.kind !== 'projection';
    throw isTooSlow ? new StatementTooSlow(error) : error;
  }
  watched.assertAlive();
};

const payloadsOf = <T>(items: readonly Item<T>[]): readonly T[] =>
  items.flatMap(({ payload }) => (payload instanceof Undecodable ? [] : [payload]));

/**
 * Parks the events of a step and moves behind them; where order is global, stops the partition before
 * them instead. Throws `Fenced`.
 */
export const parkStep = async <T>(
  context: StepContext<T>,
  from: Checkpoint,
  step: SortedStep<T>,
  failure: { readonly attempts: number; readonly error: string },
): Promise<Counts> => {
  const { store, own, state, follower } = context;
  const { items, to } = step;
  return store.transaction(async (client) => {
    if (follower.order === 'global') await stopCheckpoint(client, own, state, from, failure.error);
    else await moveCheckpoint(client, own, state, from, to, { ...step, done: 0 });
    const parked = items.map((item) => ({ item, ...failure }));
    await park(client, own, parked);
    await clearAttempts(client, own, idsOf(items));
    return { done: 0, skipped: step.skipped, parked: items.length };
  });
};
