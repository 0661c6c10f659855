import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

import knex, { type Knex } from 'knex';
import type pg from 'pg';

import { AuthenticatedClient } from '#embedded/authenticated-client.js';

import { inOrder, migrationFiles } from './migration-files.js';
import { connectionOf, type StoreLogger } from './read-store.js';

/** Schema of the runner's own tables and of the list of migrations. */
const schema = 'read_store';
const migrationsTable = 'migration';
/** Names the lock that keeps migrators apart; any constant does. */
const lockKey = 7_412_003;
const breakingMark = ' (breaking)';

interface SqlMigration {
  /** As recorded: the file's name, marked where older processes cannot run beside it. */
  readonly name: string;
  readonly sql: string;
}

/** The database holds a migration that this version does not know and that it cannot run beside. */
export class SchemaTooNew extends Error {
  override readonly name = 'SchemaTooNew';
}

export interface MigrateOptions {
  readonly logger?: StoreLogger;
  /** The numbered `.sql` files; those of every owner where it is left out. */
  readonly files?: readonly string[];
  /** How long to wait for another migrator, in milliseconds. */
  readonly lockTimeoutMs?: number;
}

/**
 * Brings the read store's schema up to this version: numbered SQL files, forward only, each in a
 * transaction. Any number of processes may call it at once; one works, the others wait.
 *
 * Throws `SchemaTooNew` when the database holds a breaking migration of a later version. Any other
 * unknown migration is taken as compatible, so that old and new processes run side by side.
 */
export const migrate = async (url: string, options: MigrateOptions = {}): Promise<void> => {
  const migrations = await readMigrations(options.files ?? (await migrationFiles()));
  await underLock(url, options.lockTimeoutMs ?? 120_000, async (client) => {
    await client.query(`create schema if not exists ${schema}`);
    await refuseNewer(client, migrations);
    const applied = await applyMissing(url, migrations);
    for (const name of applied) options.logger?.info({ migration: name }, 'migration applied');
  });
};

const readMigrations = (files: readonly string[]): Promise<SqlMigration[]> =>
  Promise.all(
    inOrder(files).map(async (path) => {
      const sql = await readFile(path, 'utf8');
      const file = basename(path);
      const breaking = /^-- breaking\b/.test(sql);
      return { name: breaking ? file + breakingMark : file, sql };
    }),
  );

/** A session lock of its own: knex's lock table stays locked when a migrator is killed. */
const underLock = async (
  url: string,
  lockTimeoutMs: number,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> => {
  const client = new AuthenticatedClient({
    ...connectionOf(url, { applicationName: 'voltrace migrate' }),
    statement_timeout: lockTimeoutMs,
    query_timeout: lockTimeoutMs + 5_000,
  });
  await client.connect();
  client.on('error', () => undefined);
  try {
    await client.query('select pg_advisory_lock($1)', [lockKey]);
    await work(client);
  } finally {
    await client.end();
  }
};

const refuseNewer = async (client: pg.Client, known: readonly SqlMigration[]): Promise<void> => {
  const table = `${schema}.${migrationsTable}`;
  const exists = await client.query<{ present: boolean }>(
    'select to_regclass($1) is not null as present',
    [table],
  );
  if (exists.rows[0]?.present !== true) return;
  const { rows } = await client.query<{ name: string }>(`select name from ${table} order by id`);
  const names = new Set(known.map(({ name }) => name));
  const newer = rows.find(({ name }) => name.endsWith(breakingMark) && !names.has(name));
  if (newer) {
    throw new SchemaTooNew(
      `the read store was migrated by a later version (${newer.name}) that this one cannot run beside: deploy that version`,
    );
  }
};

const applyMissing = async (
  url: string,
  migrations: readonly SqlMigration[],
): Promise<readonly string[]> => {
  const db = knex({
    client: 'pg',
    connection: { connectionString: url, application_name: 'voltrace migrate' },
    pool: { min: 0, max: 1 },
    // A failure is thrown, and the caller reports it.
    log: { warn: silent, error: silent, deprecate: silent, debug: silent },
  });
  (db.client as { driver: unknown }).driver = { Client: AuthenticatedClient };
  try {
    const source: Knex.MigrationSource<SqlMigration> = {
      getMigrations: () => Promise.resolve([...migrations]),
      getMigrationName: ({ name }) => name,
      getMigration: ({ sql }) => Promise.resolve({ up: (trx) => trx.raw(sql), down: forwardOnly }),
    };
    const config: Knex.MigratorConfig = {
      migrationSource: source,
      schemaName: schema,
      tableName: migrationsTable,
      // Later versions may have added compatible ones.
      disableMigrationsListValidation: true,
    };
    // Under the session lock nobody else migrates: a lock that is set was left behind by a killed one.
    await db.migrate.forceFreeMigrationsLock(config);
    const [, applied] = (await db.migrate.latest(config)) as [number, string[]];
    return applied;
  } finally {
    await db.destroy();
  }
};

const silent = (): void => undefined;

const forwardOnly = (): Promise<void> =>
  Promise.reject(new Error('migrations go forward only: write a new one'));
