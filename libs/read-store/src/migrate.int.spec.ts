import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type TestDatabase, testDatabase } from '#testing/embedded.js';
import { runFolder } from '#testing/run-folder.js';
import { until } from '#testing/until.js';

import { migrate } from './migrate.js';
import { migrationFiles } from './migration-files.js';

const files = await migrationFiles();
/** As they are recorded. */
const recorded = files.map((file) =>
  readFileSync(file, 'utf8').startsWith('-- breaking')
    ? `${basename(file)} (breaking)`
    : basename(file),
);

describe('migrations', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await testDatabase();
  });

  afterEach(async () => {
    await database.drop();
  });

  const names = async (): Promise<unknown[]> => {
    const client = new pg.Client(database.url);
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      'select name from read_store.migration order by id',
    );
    await client.end();
    return rows.map(({ name }) => name);
  };

  /** All migrations and one more. */
  const filesWith = (name: string, sql: string): string[] => {
    const more = join(mkdtempSync(join(runFolder(), 'migrations-')), name);
    writeFileSync(more, sql);
    return [more, ...files];
  };

  it('stand with their owners, each with a number of its own', () => {
    const numbers = files.map((file) => basename(file).slice(0, 6));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect([...numbers].sort()).toEqual(numbers);
    const owners = files.map((file) => file.split('/').slice(-4, -2).join('/'));
    expect(new Set(owners)).toEqual(
      new Set([
        'libs/subscription',
        ...['libs/product-registry', 'libs/fanout', 'libs/battery-lab'],
        ...['projections/product-catalog', 'projections/registry-activity'],
        'projections/cycler-records',
      ]),
    );
  });

  it('are applied once, however many processes apply them at once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => migrate(database.url)));
    expect(await names()).toEqual(recorded);
  });

  it('give the tables that are read to the version that they were built for', async () => {
    const earlier = files.filter((file) => basename(file) < '000080');
    await migrate(database.url, { files: earlier });
    const client = new pg.Client(database.url);
    await client.connect();
    await client.query(`create schema some_model; create table some_model.row ();
      create schema some_model__b5; create table some_model__b5.row ();
      insert into read_store.projection (name, active_build, last_build) values ('some-model', 4, 5);
      insert into read_store.build (projection, build, version, hash, status)
      values ('some-model', 4, 3, '', 'live'), ('some-model', 5, 4, '', 'building')`);
    await migrate(database.url);
    const { rows } = await client.query(
      `select build, active, to_regclass('some_model_v3.row') is not null as moved,
              to_regclass('some_model__b5.row') is not null as kept
         from read_store.build order by build`,
    );
    await client.end();
    expect(rows).toEqual([
      { build: 4, active: true, moved: true, kept: true },
      { build: 5, active: false, moved: true, kept: true },
    ]);
  });

  it('take over what a process of the version before the engine commits meanwhile', async () => {
    const earlier = files.filter((file) => basename(file) < '000093');
    await migrate(database.url, { files: earlier });
    const [batch, watcher] = [new pg.Client(database.url), new pg.Client(database.url)];
    await Promise.all([batch.connect(), watcher.connect()]);
    await batch.query(`insert into fanout.consumer (name, transport, state) values ('one', 'log', 'running');
      insert into fanout.consumer_offset (consumer, topic, partition, transport, next_offset)
      values ('one', 'topic', 0, 'log', 5)`);
    await batch.query('begin; update fanout.consumer_offset set next_offset = 6');
    const migrated = migrate(database.url);
    await until('the migration waits for it', async () => {
      const { rowCount } = await watcher.query(
        `select from pg_stat_activity where datname = current_database()
            and application_name = 'voltrace migrate' and wait_event_type = 'Lock'`,
      );
      return rowCount === 1;
    });
    await batch.query('commit');
    await migrated;
    const { rows } = await watcher.query('select next_offset from subscription.checkpoint');
    await Promise.all([batch.end(), watcher.end()]);
    expect(rows).toEqual([{ next_offset: '6' }]);
  });

  it('take up the lock of a migrator that was killed', async () => {
    await migrate(database.url);
    const client = new pg.Client(database.url);
    await client.connect();
    await client.query('update read_store.migration_lock set is_locked = 1');
    await client.end();
    await migrate(database.url, {
      files: filesWith('900001_more.sql', 'create table read_store.more ()'),
    });
    expect(await names()).toEqual([...recorded, '900001_more.sql']);
  });

  it('leave nothing of a file that fails', async () => {
    const sql = 'create table read_store.half (); select 1 / 0;';
    await expect(
      migrate(database.url, { files: filesWith('900001_half.sql', sql) }),
    ).rejects.toThrow('division by zero');
    await migrate(database.url, {
      files: filesWith('900001_half.sql', 'create table read_store.half ()'),
    });
  });

  it('of a later version stop an older process only when they are breaking', async () => {
    await migrate(database.url, {
      files: filesWith('900001_more.sql', 'create table read_store.more ()'),
    });
    await migrate(database.url);
    const breaking = filesWith('900003_less.sql', '-- breaking\ndrop table read_store.more');
    await migrate(database.url, { files: breaking });
    await expect(migrate(database.url)).rejects.toThrow(
      'migrated by a later version (900003_less.sql (breaking)) that this one cannot run beside',
    );
    await migrate(database.url, { files: breaking });
  });
});
