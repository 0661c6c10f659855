import type { PoolClient } from 'pg';

import type { Position, StoredEvent } from '#event-log/event-log.js';
import type { Anchor } from '#event-log/log-check.js';

import { buildSchemaOf, type Projection, type ProjectionClient, schemaOf } from './projection.js';
import type { ReadStore } from './read-store.js';

/** building: read from zero beside the live one. stopped: an event that cannot be applied, order `global`. */
export type BuildStatus = 'building' | 'paused' | 'live' | 'stopped';

/** One set of tables of a projection, with the place in the log that it stands at. */
export interface Build {
  readonly build: number;
  readonly version: number;
  readonly hash: string;
  readonly status: BuildStatus;
  readonly position: Position | undefined;
  readonly anchor: Anchor | undefined;
  /** Whether queries of its version read it. */
  readonly active: boolean;
}

/** A build that a feed applies events to. */
export interface Target {
  readonly projection: Projection;
  readonly build: number;
  readonly status: 'building' | 'live';
}

export const schemaOfTarget = ({ projection, build, status }: Target): string =>
  status === 'live' ? schemaOf(projection) : buildSchemaOf(projection.name, build);

interface BuildRow extends AnchorRow {
  build: number;
  version: number;
  hash: string;
  status: BuildStatus;
  active: boolean;
}

export interface PositionRow {
  commit_position: string | null;
  prepare_position: string | null;
}

export const positionOf = (row: PositionRow): Position | undefined =>
  row.commit_position === null || row.prepare_position === null
    ? undefined
    : { commit: BigInt(row.commit_position), prepare: BigInt(row.prepare_position) };

/** `commit_position` and `prepare_position`. */
export const columnsOf = (position: Position | undefined): [string | null, string | null] => [
  position?.commit.toString() ?? null,
  position?.prepare.toString() ?? null,
];

export interface AnchorRow extends PositionRow {
  anchor_commit: string | null;
  anchor_prepare: string | null;
  anchor_id: string | null;
}

export const anchorColumns =
  'commit_position, prepare_position, anchor_commit, anchor_prepare, anchor_id';

/** A checkpoint from before anchors were kept is one without an id: it always lies on an event. */
export const anchorOf = (row: AnchorRow): Anchor | undefined => {
  const { anchor_commit: commit_position, anchor_prepare: prepare_position, anchor_id: id } = row;
  const taken = positionOf({ commit_position, prepare_position });
  const position = taken ?? positionOf(row);
  return position && { position, id: id ?? undefined };
};

/** The values of `anchor_commit`, `anchor_prepare` and `anchor_id`. */
export const anchorValues = (anchor: Anchor | undefined): (string | null)[] => [
  ...columnsOf(anchor?.position),
  anchor?.id ?? null,
];

/** The lock of whoever applies events to the build. */
export const buildLease = (name: string, build: number): string => `${name}/${String(build)}`;

/** Every build of a projection, of whatever version, newest first. */
export const readBuilds = async (client: ProjectionClient, name: string): Promise<Build[]> => {
  const { rows } = await client.query<BuildRow>(
    `select build, version, hash, status, ${anchorColumns}, active
       from read_store.build where projection = $1 order by build desc`,
    [name],
  );
  return rows.map((row) => ({
    build: row.build,
    version: row.version,
    hash: row.hash,
    status: row.status,
    position: positionOf(row),
    anchor: anchorOf(row),
    active: row.active,
  }));
};

/** Locks the projection's row, made when it is the first time: whoever creates or switches builds takes turns. */
export const lockProjection = async (client: PoolClient, name: string): Promise<void> => {
  await client.query(
    'insert into read_store.projection (name) values ($1) on conflict do nothing',
    [name],
  );
  await client.query('select from read_store.projection where name = $1 for update', [name]);
};

/** Makes an empty build with its schema and tables. Needs `lockProjection`. */
export const createBuild = async (
  client: PoolClient,
  projection: Projection,
  hash: string,
): Promise<number> => {
  const { rows } = await client.query<{ last_build: number }>(
    'update read_store.projection set last_build = last_build + 1 where name = $1 returning last_build',
    [projection.name],
  );
  const build = rows[0]?.last_build ?? 1;
  const schema = buildSchemaOf(projection.name, build);
  await client.query(`create schema ${schema}`);
  await client.query(`set local search_path to ${schema}, public`);
  await client.query(projection.tables);
  await client.query('set local search_path to default');
  await client.query(
    `insert into read_store.build (projection, build, version, hash, status)
     values ($1, $2, $3, $4, 'building')`,
    [projection.name, build, projection.version, hash],
  );
  return build;
};

/** Whether any event is parked in the build, and whether any of the projection was given up. */
interface Moved {
  readonly parked: boolean;
  readonly discarded: boolean;
}

/**
 * The fence. Moves the checkpoint from `from` to the last of `events`; false when it does not stand
 * at `from` (or the build was switched, paused, dropped): then another runner is at work, and the
 * transaction must be rolled back. On success the row stays locked until the transaction ends.
 */
export const moveCheckpoint = async (
  client: ProjectionClient,
  { projection, build, status }: Target,
  from: Position | undefined,
  events: readonly StoredEvent[],
): Promise<Moved | false> => {
  const last = events.at(-1);
  if (!last) throw new Error('a batch without events moves nothing');
  const { rows } = await client.query<Moved>(
    `update read_store.build
        set commit_position = $6, prepare_position = $7, event_created = $8,
            anchor_commit = $6, anchor_prepare = $7, anchor_id = $10,
            events = events + $9, moved_at = now(), error = null, log_replaced = false
      where projection = $1 and build = $2 and status = $3
        and commit_position is not distinct from $4 and prepare_position is not distinct from $5
      returning parked > 0 as parked,
        exists (select from read_store.discarded d where d.projection = $1) as discarded`,
    [
      projection.name,
      build,
      status,
      ...columnsOf(from),
      ...columnsOf(last.position),
      last.created,
      events.length,
      last.id,
    ],
  );
  return rows[0] ?? false;
};

/** Stops a build that stands at `position`; false when it does not. */
export const stopAt = async (
  client: ProjectionClient,
  { projection, build, status }: Target,
  position: Position | undefined,
  error: string,
): Promise<boolean> => {
  const { rowCount } = await client.query(
    `update read_store.build set status = 'stopped', error = $6
      where projection = $1 and build = $2 and status = $3
        and commit_position is not distinct from $4 and prepare_position is not distinct from $5`,
    [projection.name, build, status, ...columnsOf(position), error],
  );
  return rowCount === 1;
};

/** Notes what the build waits for; the next batch clears it. */
export const noteWaiting = async (
  store: ReadStore,
  { projection, build, status }: Target,
  reason: string,
): Promise<void> => {
  await store.pool.query(
    `update read_store.build set error = $4
      where projection = $1 and build = $2 and status = $3 and error is distinct from $4`,
    [projection.name, build, status, reason],
  );
};

/** Notes that the log is not the one that the build was made from, or, without a reason, that it is again. */
export const noteLog = async (
  store: ReadStore,
  { projection, build, status }: Target,
  replaced?: string,
): Promise<void> => {
  await store.pool.query(
    `update read_store.build set log_replaced = $4::text is not null, error = $4
      where projection = $1 and build = $2 and status = $3
        and (log_replaced or $4::text is not null)
        and (log_replaced, error) is distinct from ($4::text is not null, $4::text)`,
    [projection.name, build, status, replaced ?? null],
  );
};

export interface TakenOver {
  readonly status: BuildStatus;
  readonly position: Position | undefined;
  readonly anchor: Anchor | undefined;
  /** The one before did not put the build down: it may have died of the next event. */
  readonly interrupted: boolean;
}

/** Notes `holder` as the one who applies events to the build. Undefined when there is no such build. */
export const takeOver = async (
  store: ReadStore,
  { projection, build }: Target,
  holder: string,
): Promise<TakenOver | undefined> =>
  store.transaction(async (client) => {
    const { rows } = await client.query<AnchorRow & { status: BuildStatus; holder: string | null }>(
      `select status, ${anchorColumns}, holder
         from read_store.build where projection = $1 and build = $2 for update`,
      [projection.name, build],
    );
    const [row] = rows;
    if (!row) return undefined;
    await client.query(
      'update read_store.build set holder = $3 where projection = $1 and build = $2',
      [projection.name, build, holder],
    );
    return {
      status: row.status,
      position: positionOf(row),
      anchor: anchorOf(row),
      interrupted: row.holder !== null && row.holder !== holder,
    };
  });

/** The build is left in order: whoever takes it up next has nothing to suspect. */
export const putDown = async (
  store: ReadStore,
  { projection, build }: Target,
  holder: string,
): Promise<void> => {
  await store.pool.query(
    'update read_store.build set holder = null where projection = $1 and build = $2 and holder = $3',
    [projection.name, build, holder],
  );
};

/** The end of the log was reached: from now on the lag is counted from here. */
export const noteCaughtUp = async (
  store: ReadStore,
  { projection, build }: Target,
): Promise<void> => {
  await store.pool.query(
    'update read_store.build set caught_up_at = now() where projection = $1 and build = $2',
    [projection.name, build],
  );
};
