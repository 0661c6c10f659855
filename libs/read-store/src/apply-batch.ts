import type { PoolClient } from 'pg';

import type { Position, StoredEvent } from '#event-log/event-log.js';

import { moveCheckpoint, schemaOfTarget, type Target } from './builds.js';
import { discardedEvents, parkBehind, parkedStreams } from './parking.js';
import { changeOf, type Projection, type ProjectionClient, readBy } from './projection.js';
import type { ReadStore } from './read-store.js';

const nothing: ReadonlySet<string> = new Set();

/** What became of the events of a batch. */
export interface BatchCounts {
  readonly done: number;
  readonly skipped: number;
  readonly parked: number;
}

/** The checkpoint stands elsewhere: another runner moved it, or the build is no longer what it was. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
  constructor() {
    super('Fenced: the checkpoint does not stand where this batch begins');
  }
}

/**
 * Applies `events` and moves the checkpoint from `from` behind them, in one transaction.
 *
 * Throws `Fenced` when the checkpoint does not stand at `from`: nothing was written then. Events of
 * streams that are parked join them; events that were given up are passed over.
 */
export const applyBatch = async (
  store: ReadStore,
  target: Target,
  from: Position | undefined,
  events: readonly StoredEvent[],
  also?: (client: PoolClient) => Promise<void>,
): Promise<BatchCounts> =>
  store.transaction(async (client) => {
    const moved = await moveCheckpoint(client, target, from, events);
    if (!moved) throw new Fenced();
    const named = events.filter((event) => readBy(target.projection, event));
    const ids = moved.discarded ? named.map(({ id }) => id) : [];
    const discarded = ids.length > 0 ? await discardedEvents(client, target, ids) : nothing;
    const known = discarded.size > 0 ? named.filter(({ id }) => !discarded.has(id)) : named;
    const parked = moved.parked ? await parkedStreams(client, target) : nothing;
    const behind = known.filter(({ stream }) => parked.has(stream));
    const apply = parked.size > 0 ? known.filter(({ stream }) => !parked.has(stream)) : known;
    if (behind.length > 0) await parkBehind(client, target, behind);
    await applyEvents(client, target.projection, apply);
    await also?.(client);
    return {
      done: apply.length,
      skipped: events.length - known.length,
      parked: behind.length,
    };
  }, setUp(target));

/** Losing the last commits of a crashed server loses their checkpoint too: they are simply applied again. */
export const setUp = (target: Target): string =>
  `set local synchronous_commit = off; set local search_path to ${schemaOfTarget(target)}, public`;

/** Reads `stored`, and loads, changes and saves the rows that they touch; nothing where there are none. */
export const applyEvents = async (
  client: ProjectionClient,
  projection: Projection,
  stored: readonly StoredEvent[],
): Promise<void> => {
  const events = stored.flatMap((event) => readBy(projection, event) ?? []);
  if (events.length === 0) return;
  const work = await projection.load(client, events);
  for (const event of events) changeOf(projection, event)?.(work, event);
  await projection.save(client, work);
};
