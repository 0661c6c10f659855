import type { PoolClient } from 'pg';

import type { EventLog } from '#event-log/event-log.js';
import { holdsAnchor } from '#event-log/log-check.js';

import { createBuild, lockProjection, readBuilds } from './builds.js';
import { dropUnfinished, dropVersion } from './drop-builds.js';
import type { Lease } from './lease.js';
import type { Projection, ProjectionVersion } from './projection.js';
import type { ReadStore } from './read-store.js';

export type BuildRequestKind = 'build' | 'rebuild' | 'stop' | 'drop';

export interface Request {
  readonly id: string;
  readonly projection: string;
  readonly kind: BuildRequestKind | 'retry' | 'discard';
  /** The version whose builds are meant; null for a parked event, which knows its build. */
  readonly version: number | null;
  /** Of a retry or discard. A bigint in the database, hence text. */
  readonly parkedId: string | null;
  readonly reason: string | null;
  readonly requestedBy: string;
}

/**
 * Asks the runner for something; it looks about once a second. The same id again asks for nothing more.
 */
export const placeRequest = async (store: ReadStore, request: Request): Promise<void> => {
  await store.pool.query(
    `insert into read_store.request (id, projection, kind, version, parked_id, reason, requested_by)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do nothing`,
    [
      request.id,
      request.projection,
      request.kind,
      request.version,
      request.parkedId,
      request.reason,
      request.requestedBy,
    ],
  );
};

/**
 * What was asked of these projections and not yet done, oldest first. What is meant for the builds of
 * another version waits for a process that knows its tables; any process may drop a version.
 */
export const openRequests = async (
  store: ReadStore,
  projections: readonly ProjectionVersion[],
): Promise<Request[]> => {
  const { rows } = await store.pool.query<Request>(
    `select r.id, r.projection, r.kind, r.version, r.parked_id as "parkedId", r.reason,
            r.requested_by as "requestedBy"
       from read_store.request r
       join unnest($1::text[], $2::integer[]) as own(name, version) on own.name = r.projection
       left join read_store.parked p on p.id = r.parked_id
       left join read_store.build b on b.projection = p.projection and b.build = p.build
      where r.handled_at is null
        and (r.kind = 'drop' or coalesce(b.version, r.version, own.version) = own.version)
      order by r.requested_at limit 100`,
    [projections.map(({ name }) => name), projections.map(({ version }) => version)],
  );
  return rows;
};

/**
 * Marks that the handling begins, before it does: it may end the process. `elsewhere` when another
 * process handles it; `interrupted` when one did and is gone. The one that handles it holds a lock of
 * its session for as long as it lives, see `endRequest`.
 */
export const startRequest = async (
  { store, lease, holder }: { store: ReadStore; lease: Lease; holder: string },
  id: string,
): Promise<'started' | 'elsewhere' | 'interrupted'> => {
  if (!(await lease.acquire(leaseOf(id)))) return 'elsewhere';
  const { rows } = await store.pool.query<{ own: boolean }>(
    `update read_store.request
        set started_at = coalesce(started_at, clock_timestamp()),
            started_by = coalesce(started_by, $2)
      where id = $1 and handled_at is null
      returning started_by = $2 as own`,
    [id, holder],
  );
  const [row] = rows;
  if (!row) return 'elsewhere';
  return row.own ? 'started' : 'interrupted';
};

/** The request is closed, whoever did it: nobody needs to be kept from it any more. */
export const endRequest = (lease: Lease, id: string): Promise<void> => lease.release(leaseOf(id));

const leaseOf = (id: string): string => `request ${id}`;

/** Locks an open request until the transaction ends; false when it is handled or being handled. */
export const lockRequest = async (client: PoolClient, id: string): Promise<boolean> => {
  const { rowCount } = await client.query(
    'select from read_store.request where id = $1 and handled_at is null for update skip locked',
    [id],
  );
  return rowCount === 1;
};

export const closeRequest = async (
  client: PoolClient,
  id: string,
  outcome: string,
): Promise<void> => {
  await client.query(
    'update read_store.request set handled_at = clock_timestamp(), outcome = $2 where id = $1',
    [id, outcome],
  );
};

interface BuildContext {
  readonly store: ReadStore;
  readonly lease: Lease;
  readonly log: Pick<EventLog, 'idAt'>;
}

/** Carries out a request that concerns the builds; what became of it, or undefined when another does it. */
export const handleBuildRequest = async (
  { store, lease, log }: BuildContext,
  projection: Projection,
  hash: string,
  request: Request,
): Promise<string | undefined> =>
  store.transaction(async (client) => {
    if (!(await lockRequest(client, request.id))) return undefined;
    await lockProjection(client, projection.name);
    const outcome =
      request.kind === 'drop'
        ? await dropVersion(client, lease, { ...projection, version: request.version ?? 0 })
        : await carryOut(client, log, projection, hash, request.kind);
    await closeRequest(client, request.id, outcome);
    return outcome;
  });

const carryOut = async (
  client: PoolClient,
  log: BuildContext['log'],
  projection: Projection,
  hash: string,
  kind: Request['kind'],
): Promise<string> => {
  const builds = await readBuilds(client, projection.name);
  const unfinished = builds.find(
    ({ active, version }) => !active && version === projection.version,
  );
  const isOfThisLog = kind === 'stop' || (await holdsAnchor(log, unfinished?.anchor));
  if (unfinished && !isOfThisLog) await dropUnfinished(client, projection.name, unfinished.build);
  else if (unfinished) {
    if (unfinished.status === 'stopped') return 'stopped by an event: retry or discard it';
    const status = kind === 'stop' ? 'paused' : 'building';
    await client.query(
      'update read_store.build set status = $3 where projection = $1 and build = $2',
      [projection.name, unfinished.build, status],
    );
    return `build ${String(unfinished.build)} is ${status}`;
  }
  if (kind === 'stop') return 'nothing is being built';
  if (kind === 'build' && !unfinished) return 'already built';
  return `build ${String(await createBuild(client, projection, hash))} is building`;
};
