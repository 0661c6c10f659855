import type { PoolClient } from 'pg';

import type { Lease } from '#read-store/lease.js';
import type { ReadStore, StoreLogger } from '#read-store/read-store.js';
import { buildSchemaOf, type ProjectionVersion, schemaOf } from '#read-store/schema-names.js';

import { describeError } from '../describe-error.js';
import { scopeLease } from '../source.js';
import { type Build, deleteBuild, lockProjection, readBuilds, scopeOf } from './builds.js';

/** How long to wait for queries that still read the tables; the drop fails then and nothing is lost. */
const queriesTimeoutMs = 5_000;

/**
 * Drops every build of a version with its tables, and answers what became of it. A build that a
 * projector applies events to is left, and so is the rest. Needs `lockProjection`.
 */
export const dropVersion = async (
  client: PoolClient,
  lease: Lease,
  projection: ProjectionVersion,
): Promise<string> => {
  const { name, version } = projection;
  const builds = (await readBuilds(client, name)).filter((build) => build.version === version);
  if (builds.length === 0) return `version ${String(version)} has no build`;
  return (await dropUnused(client, lease, projection, builds))
    ? `version ${String(version)} is dropped`
    : `version ${String(version)} is in use by a running projector`;
};

/**
 * After a switch: drops what no roll-back to the version before needs. Of the older versions the newest
 * one that was built is kept, without being fed by this process; newer ones are left to an operator.
 */
export const dropOutgrown = async (
  context: { readonly store: ReadStore; readonly lease: Lease; readonly logger: StoreLogger },
  { name, version: current }: ProjectionVersion,
): Promise<void> => {
  const { store, lease, logger } = context;
  try {
    await store.transaction(async (client) => {
      await lockProjection(client, name);
      const older = (await readBuilds(client, name)).filter(({ version }) => version < current);
      const kept = Math.max(...older.filter(({ active }) => active).map(({ version }) => version));
      for (const version of new Set(older.map((build) => build.version))) {
        const builds = older.filter((build) => build.version === version);
        if (version !== kept) await dropUnused(client, lease, { name, version }, builds);
      }
    });
  } catch (error) {
    const fields = { projection: name, error: describeError(error) };
    logger.warn(fields, 'builds of older versions are kept: they could not be dropped');
  }
};

/** Drops a build that is not read by anybody; who applies events to it finds it gone. */
export const dropUnfinished = async (
  client: PoolClient,
  name: string,
  build: number,
): Promise<void> => drop(client, name, build, buildSchemaOf(name, build));

const drop = async (
  client: PoolClient,
  name: string,
  build: number,
  schema: string,
): Promise<void> => {
  await deleteBuild(client, name, build);
  await client.query(`drop schema if exists ${schema} cascade`);
};

/** False, and nothing is dropped, when a projector applies events to one of the builds. */
const dropUnused = async (
  client: PoolClient,
  lease: Lease,
  projection: ProjectionVersion,
  builds: readonly Build[],
): Promise<boolean> => {
  const { name } = projection;
  const keys = builds.map(({ build }) => scopeLease(name, scopeOf(build)));
  // A lock that this process held before is one under which it applies events itself.
  if (keys.some((key) => lease.holds(key))) return false;
  const acquired: string[] = [];
  try {
    for (const key of keys) {
      if (!(await lease.acquire(key))) return false;
      acquired.push(key);
    }
    await client.query(`set local lock_timeout to ${String(queriesTimeoutMs)}`);
    for (const { build, active } of builds) {
      const schema = active ? schemaOf(projection) : buildSchemaOf(name, build);
      await drop(client, name, build, schema);
    }
    await client.query('delete from subscription.subscription where name = $1 and version = $2', [
      name,
      projection.version,
    ]);
    return true;
  } finally {
    for (const key of acquired) await lease.release(key);
  }
};
