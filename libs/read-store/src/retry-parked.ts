import type { PoolClient } from 'pg';

import type { EventLog, StoredEvent } from '#event-log/event-log.js';

import { applyEvents, setUp } from './apply-batch.js';
import type { BuildStatus, Target } from './builds.js';
import type { Lease } from './lease.js';
import { describeError, discardedEvents } from './parking.js';
import type { Projection, ProjectionClient } from './projection.js';
import type { ReadStore } from './read-store.js';
import { closeRequest, lockRequest, type Request, startRequest } from './requests.js';
import { isStoreFault } from './store-errors.js';

interface ParkedRow {
  readonly id: string;
  readonly build: number;
  readonly stream: string;
  readonly event_id: string;
  readonly revision: string;
}

/** What it takes to carry out requests. */
export interface RequestContext {
  readonly store: ReadStore;
  readonly log: Pick<EventLog, 'readStream'>;
  readonly lease: Lease;
  /** This runner, for the whole life of its process. */
  readonly holder: string;
}

/**
 * Tries parked events again, or gives one up and tries those behind it, under the lock of the
 * checkpoint. What became of it, or undefined when another process does it.
 *
 * This process stays the one to do it when it rejects: the request waits for its next try.
 */
export const handleParkedRequest = async (
  context: RequestContext,
  projection: Projection,
  request: Request,
): Promise<string | undefined> => {
  const { store, log } = context;
  const started = await startRequest(context, request.id);
  if (started === 'elsewhere') return undefined;
  if (started === 'interrupted') return finish(store, request, noteInterrupted(request));
  // A long stream is read before anything is locked.
  const seen = await parkedStream(store.pool, projection.name, request.parkedId);
  const events = await eventsOf(log, seen);
  return finish(store, request, async (client) => {
    const [first] = seen;
    if (!first) return 'no longer parked';
    const build = { projection, build: first.build };
    const status = await lockBuild(client, build);
    if (!status) return 'its build is gone';
    // More may have been parked behind them meanwhile; from now on nothing can.
    const waiting = await parkedStream(client, projection.name, request.parkedId);
    const later = waiting.filter(({ event_id: id }) => !events.has(id));
    for (const [id, event] of await eventsOf(log, later)) events.set(id, event);
    const named = waiting.find(({ id }) => id === request.parkedId);
    if (!named) return 'no longer parked';
    if (request.kind === 'discard') await discard(client, build, request, named);
    // The event lies before the checkpoint still: the runner meets it again.
    if (status === 'stopped') return goOn(client, build, waiting);
    const target = { ...build, status: status === 'live' ? 'live' : 'building' } as const;
    return applyParked(client, target, waiting, events);
  });
};

const finish = async (
  store: ReadStore,
  request: Request,
  work: (client: PoolClient) => Promise<string>,
): Promise<string | undefined> =>
  store.transaction(async (client) => {
    if (!(await lockRequest(client, request.id))) return undefined;
    const outcome = await work(client);
    await closeRequest(client, request.id, outcome);
    return outcome;
  });

const noteInterrupted =
  ({ parkedId }: Request) =>
  async (client: PoolClient): Promise<string> => {
    await client.query(
      'update read_store.parked set attempts = attempts + 1, error = $2 where id = $1',
      [parkedId, 'the process ended while it was tried again'],
    );
    return 'the process ended while it was tried again';
  };

/** The parked event that was named, and those of its stream that come after it or wait with it. */
const parkedStream = async (
  client: ProjectionClient,
  name: string,
  id: string | null,
): Promise<ParkedRow[]> => {
  const { rows } = await client.query<ParkedRow>(
    `select p.id, p.build, p.stream, p.event_id, p.revision
       from read_store.parked p
       join read_store.parked named
         on named.projection = p.projection and named.build = p.build and named.stream = p.stream
      where named.id = $2 and named.projection = $1
      order by p.revision`,
    [name, id],
  );
  return rows;
};

const eventsOf = async (
  log: RequestContext['log'],
  rows: readonly ParkedRow[],
): Promise<Map<string, StoredEvent>> => {
  const found = new Map<string, StoredEvent>();
  const [first] = rows;
  const last = rows.at(-1);
  if (!first || !last) return found;
  const wanted = new Set(rows.map(({ event_id: id }) => id));
  for await (const event of log.readStream(first.stream, { from: BigInt(first.revision) })) {
    if (wanted.has(event.id)) found.set(event.id, event);
    if (event.revision >= BigInt(last.revision)) break;
  }
  return found;
};

type OwnBuild = Pick<Target, 'projection' | 'build'>;

const lockBuild = async (
  client: PoolClient,
  { projection, build }: OwnBuild,
): Promise<BuildStatus | undefined> => {
  const { rows } = await client.query<{ status: BuildStatus }>(
    'select status from read_store.build where projection = $1 and build = $2 for update',
    [projection.name, build],
  );
  return rows[0]?.status;
};

/** Given up for good: every build passes over it. */
const discard = async (
  client: PoolClient,
  build: OwnBuild,
  { reason, requestedBy }: Request,
  row: ParkedRow,
): Promise<void> => {
  await client.query(
    `insert into read_store.discarded (projection, event_id, reason, discarded_by)
     values ($1, $2, $3, $4) on conflict do nothing`,
    [build.projection.name, row.event_id, reason ?? '', requestedBy],
  );
};

const unpark = async (
  client: PoolClient,
  { projection, build }: OwnBuild,
  row: ParkedRow,
): Promise<void> => {
  await client.query(
    `with gone as (delete from read_store.parked where id = $3 returning 1)
     update read_store.build set parked = parked - (select count(*) from gone)
      where projection = $1 and build = $2`,
    [projection.name, build, row.id],
  );
};

/** A projection that stopped takes the event up again. */
const goOn = async (
  client: PoolClient,
  build: OwnBuild,
  rows: readonly ParkedRow[],
): Promise<string> => {
  for (const row of rows) await unpark(client, build, row);
  await client.query(
    `update read_store.build
        set error = null, status = case when active then 'live' else 'building' end
      where projection = $1 and build = $2`,
    [build.projection.name, build.build],
  );
  return 'the projection goes on';
};

/**
 * In the order of the stream, until one fails again; that one and the later ones stay parked. Those
 * that were given up are passed over.
 */
const applyParked = async (
  client: PoolClient,
  target: Target,
  rows: readonly ParkedRow[],
  events: ReadonlyMap<string, StoredEvent>,
): Promise<string> => {
  await client.query(setUp(target));
  const ids = rows.map(({ event_id: id }) => id);
  const discarded = await discardedEvents(client, target, ids);
  let applied = 0;
  for (const row of rows) {
    if (!discarded.has(row.event_id)) {
      const event = events.get(row.event_id);
      const error = event
        ? await tryAgain(client, target, event)
        : 'its event is gone from the log';
      if (error !== undefined) {
        await noteFailure(client, row, error);
        return `${String(applied)} applied, then it failed again: ${error}`;
      }
      applied += 1;
    }
    await unpark(client, target, row);
  }
  return `${String(applied)} applied`;
};

const tryAgain = async (
  client: PoolClient,
  { projection }: Target,
  event: StoredEvent,
): Promise<string | undefined> => {
  await client.query('savepoint parked');
  try {
    await applyEvents(client, projection, [event]);
    await client.query('release savepoint parked');
    return undefined;
  } catch (error) {
    if (isStoreFault(error)) throw error;
    await client.query('rollback to savepoint parked');
    return describeError(error);
  }
};

const noteFailure = async (client: PoolClient, row: ParkedRow, error: string): Promise<void> => {
  await client.query(
    'update read_store.parked set attempts = attempts + 1, error = $2 where id = $1',
    [row.id, error],
  );
};
