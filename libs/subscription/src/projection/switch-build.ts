import type { PoolClient } from 'pg';

import type { EventLog, Position } from '#event-log/event-log.js';
import { type Anchor, holdsAnchor } from '#event-log/log-check.js';
import { comparePositions } from '#event-log/position.js';
import {
  anchorColumns,
  anchorOf,
  type AnchorRow,
  positionOf,
  type PositionRow,
} from '#read-store/position-columns.js';
import type { ReadStore } from '#read-store/read-store.js';
import { buildSchemaOf, type ProjectionVersion, schemaOf } from '#read-store/schema-names.js';

import type { CatchUp } from '../source.js';
import { deleteBuild, fromBuilds, lockProjection, scopeOf } from './builds.js';

/** How long the switch may stand in front of queries while others still run; then it tries again later. */
const queriesTimeoutMs = 250;
/** How long it waits for the live build's batch that is under way. */
const batchTimeoutMs = 5_000;

/**
 * Makes a build that reached the end of the log the active one of its version: in one transaction its
 * schema takes the name that queries read, and the old one of the same version, if any, is dropped with
 * its checkpoint. Other versions have tables of their own and are left alone.
 *
 * The old build's checkpoint row is locked first, so that it stands; `catchUp` then has to bring the
 * new one at least as far (in transactions of its own). The exclusive lock on the old tables keeps
 * every statement and transaction that reads them on one side of the switch. Where the log does not
 * hold what the old build took last, the old one is of another log, and no position of it counts.
 *
 * Rejects with SQLSTATE 55P03 when queries held the old tables for too long: try again later.
 */
export const switchBuild = async (
  store: ReadStore,
  log: Pick<EventLog, 'idAt'>,
  projection: ProjectionVersion,
  build: number,
  catchUp: CatchUp,
): Promise<void> =>
  store.transaction(
    async (client) => {
      await lockProjection(client, projection.name);
      const old = await lockActive(client, projection);
      const reached = old && (await holdsAnchor(log, old.anchor)) ? old.position : undefined;
      if (reached) await catchUp(reached);
      await requireCaughtUp(client, projection, build, reached);
      await client.query(`set local lock_timeout to ${String(queriesTimeoutMs)}`);
      if (old) await retire(client, projection, old.build);
      await client.query(
        `alter schema ${buildSchemaOf(projection.name, build)} rename to ${schemaOf(projection)}`,
      );
      await client.query(
        'update read_store.build set active = true where projection = $1 and build = $2',
        [projection.name, build],
      );
      await client.query(
        `update subscription.checkpoint set state = 'running', caught_up_at = now()
          where subscription = $1 and scope = $2`,
        [projection.name, scopeOf(build)],
      );
      await client.query('update read_store.projection set changed_at = now() where name = $1', [
        projection.name,
      ]);
    },
    `set local lock_timeout to ${String(batchTimeoutMs)}`,
  );

interface Active {
  readonly build: number;
  readonly position: Position | undefined;
  readonly anchor: Anchor | undefined;
}

const lockActive = async (
  client: PoolClient,
  { name, version }: ProjectionVersion,
): Promise<Active | undefined> => {
  const { rows } = await client.query<AnchorRow & { build: number }>(
    `select b.build, ${anchorColumns}
       ${fromBuilds} where b.projection = $1 and b.version = $2 and b.active for update`,
    [name, version],
  );
  const [row] = rows;
  return row && { build: row.build, position: positionOf(row), anchor: anchorOf(row) };
};

const requireCaughtUp = async (
  client: PoolClient,
  projection: ProjectionVersion,
  build: number,
  old: Position | undefined,
): Promise<void> => {
  const { rows } = await client.query<PositionRow>(
    `select commit_position, prepare_position from subscription.checkpoint
      where subscription = $1 and scope = $2 and state = 'building' for update`,
    [projection.name, scopeOf(build)],
  );
  const [row] = rows;
  if (!row) throw new Error(`build ${String(build)} of ${projection.name} is not being built`);
  const position = positionOf(row);
  if (old && (!position || comparePositions(position, old) < 0)) {
    throw new Error(`build ${String(build)} of ${projection.name} lies behind the active one`);
  }
};

/** Locks out every query, in one order, then takes the old build away. */
const retire = async (
  client: PoolClient,
  projection: ProjectionVersion,
  build: number,
): Promise<void> => {
  const { rows } = await client.query<{ tables: string | null }>(
    `select string_agg(format('%I.%I', n.nspname, c.relname), ', ' order by c.relname) as tables
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relkind in ('r', 'p')`,
    [schemaOf(projection)],
  );
  const tables = rows[0]?.tables;
  if (tables) await client.query(`lock table ${tables} in access exclusive mode`);
  await client.query(`drop schema ${schemaOf(projection)} cascade`);
  await deleteBuild(client, projection.name, build);
};
