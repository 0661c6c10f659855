import type { PoolClient } from 'pg';

import type { Anchor } from '#event-log/log-check.js';
import { anchorColumns, anchorOf, type AnchorRow } from '#read-store/position-columns.js';
import { buildSchemaOf, schemaOf } from '#read-store/schema-names.js';

import type { CheckpointState } from '../checkpoints.js';
import type { SubscriptionClient } from '../follower.js';
import { perStore } from '../per-store.js';
import type { Scope } from '../source.js';
import { Together } from '../together.js';
import { type Projection } from './projection.js';

/** One set of tables of a projection. Its checkpoint has the scope `build-<n>`. */
export interface Build {
  readonly build: number;
  readonly version: number;
  readonly hash: string;
  readonly state: CheckpointState;
  readonly anchor: Anchor | undefined;
  /** Whether queries of its version read it. */
  readonly active: boolean;
}

export const scopeOf = (build: number): string => `build-${String(build)}`;
export const buildOf = (scope: string): number => Number(scope.slice('build-'.length));

export const schemaOfScope = (projection: Projection, { name, state }: Scope): string =>
  state === 'running' ? schemaOf(projection) : buildSchemaOf(projection.name, buildOf(name));

/** To be followed by a condition on `b`. */
export const fromBuilds = `from read_store.build b
  join subscription.checkpoint c on c.subscription = b.projection and c.scope = 'build-' || b.build`;

interface BuildRow extends AnchorRow, Omit<Build, 'anchor'> {
  readonly projection: string;
}

/** Every build of a projection, of whatever version, newest first. */
export const readBuilds = async (client: SubscriptionClient, name: string): Promise<Build[]> =>
  buildsOf(await readRows(client, [name]), name);

/** As `readBuilds`, of all projections that are asked for in one moment together. */
export const buildsByName = perStore(
  ({ pool }) =>
    new Together<string, Build[]>(async (names) => {
      const rows = await readRows(pool, names);
      return names.map((name) => buildsOf(rows, name));
    }),
);

const readRows = async (
  client: SubscriptionClient,
  names: readonly string[],
): Promise<readonly BuildRow[]> => {
  const { rows } = await client.query<BuildRow>(
    `select b.projection, b.build, b.version, b.hash, b.active, c.state, ${anchorColumns}
       ${fromBuilds} where b.projection = any($1) order by b.build desc`,
    [names],
  );
  return rows;
};

const buildsOf = (rows: readonly BuildRow[], name: string): Build[] =>
  rows
    .filter(({ projection }) => projection === name)
    .map((row) => {
      const { build, version, hash, state, active } = row;
      return { build, version, hash, state, active, anchor: anchorOf(row) };
    });

/** Locks the projection's row, made when it is the first time: whoever creates or switches builds takes turns. */
export const lockProjection = async (client: PoolClient, name: string): Promise<void> => {
  await client.query(
    'insert into read_store.projection (name) values ($1) on conflict do nothing',
    [name],
  );
  await client.query('select from read_store.projection where name = $1 for update', [name]);
};

/** Makes an empty build with its schema, tables and checkpoint. Needs `lockProjection`. */
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
    'insert into read_store.build (projection, build, version, hash) values ($1, $2, $3, $4)',
    [projection.name, build, projection.version, hash],
  );
  await client.query(
    `insert into subscription.checkpoint (subscription, scope, source, state) values ($1, $2, 'log', 'building')`,
    [projection.name, scopeOf(build)],
  );
  return build;
};

/** Deletes a build with its checkpoint, attempts and parked events; its schema is the caller's. */
export const deleteBuild = async (
  client: SubscriptionClient,
  name: string,
  build: number,
): Promise<void> => {
  await client.query('delete from read_store.build where projection = $1 and build = $2', [
    name,
    build,
  ]);
  for (const table of ['checkpoint', 'attempt', 'parked']) {
    await client.query(`delete from subscription.${table} where subscription = $1 and scope = $2`, [
      name,
      scopeOf(build),
    ]);
  }
};
