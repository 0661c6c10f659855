import type { PoolClient } from 'pg';

import { createBuild, lockProjection, readBuilds } from './builds.js';
import type { Lease } from './lease.js';
import type { Projection } from './projection.js';
import type { ReadStore } from './read-store.js';

export type BuildRequestKind = 'build' | 'rebuild' | 'stop';

export interface Request {
  readonly id: string;
  readonly projection: string;
  readonly kind: BuildRequestKind | 'retry' | 'discard';
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
    `insert into read_store.request (id, projection, kind, parked_id, reason, requested_by)
     values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing`,
    [
      request.id,
      request.projection,
      request.kind,
      request.parkedId,
      request.reason,
      request.requestedBy,
    ],
  );
};

/** What was asked of these projections and not yet done, oldest first. */
export const openRequests = async (
  store: ReadStore,
  projections: readonly string[],
): Promise<Request[]> => {
  const { rows } = await store.pool.query<Request>(
    `select id, projection, kind, parked_id as "parkedId", reason, requested_by as "requestedBy"
       from read_store.request
      where handled_at is null and projection = any($1)
      order by requested_at limit 100`,
    [projections],
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

/** Carries out a request that concerns the builds; what became of it, or undefined when another does it. */
export const handleBuildRequest = async (
  store: ReadStore,
  projection: Projection,
  hash: string,
  request: Request,
): Promise<string | undefined> =>
  store.transaction(async (client) => {
    if (!(await lockRequest(client, request.id))) return undefined;
    await lockProjection(client, projection.name);
    const outcome = await carryOut(client, projection, hash, request.kind);
    await closeRequest(client, request.id, outcome);
    return outcome;
  });

const carryOut = async (
  client: PoolClient,
  projection: Projection,
  hash: string,
  kind: Request['kind'],
): Promise<string> => {
  const builds = await readBuilds(client, projection.name);
  const unfinished = builds.find(({ active }) => !active);
  if (unfinished) {
    if (unfinished.status === 'stopped') return 'stopped by an event: retry or discard it';
    const status = kind === 'stop' ? 'paused' : 'building';
    await client.query(
      'update read_store.build set status = $3 where projection = $1 and build = $2',
      [projection.name, unfinished.build, status],
    );
    return `build ${String(unfinished.build)} is ${status}`;
  }
  if (kind === 'stop') return 'nothing is being built';
  if (kind === 'build') return 'already built';
  return `build ${String(await createBuild(client, projection, hash))} is building`;
};
