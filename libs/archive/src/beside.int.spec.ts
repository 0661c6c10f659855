import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { migrate } from '#read-store/migrate.js';
import { ReadStore } from '#read-store/read-store.js';
import { type TestDatabase, testDatabase } from '#testing/embedded.js';
import { newEvent } from '#testing/new-event.js';
import { startOwnNode } from '#testing/test-node.js';

import { sha256Of } from './chunk.js';
import { exportArchive } from './export-archive.js';
import { importArchive } from './import-archive.js';
import { contentOf, TwoLogs } from './test/two-logs.js';

let logs: TwoLogs;
const databases: TestDatabase[] = [];
const stores: ReadStore[] = [];

const besideOn = (name: string, database: TestDatabase) => {
  databases.push(database);
  const store = new ReadStore(database.url);
  stores.push(store);
  return { dataDir: join(logs.root, name), store };
};

/** An installation with one event and what `park` leaves beside it, and an empty one. */
const parkedAndEmpty = async () => {
  const from = besideOn('old', await testDatabase());
  const to = besideOn('new', await testDatabase());
  await migrate(from.store.url);
  await from.store.pool.query(park);
  await logs.source.append('product-1', [newEvent('Registered', {})], 'no_stream');
  return { from, to };
};

beforeEach(async () => {
  logs = await TwoLogs.start(startOwnNode);
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const database of databases.splice(0)) await database.drop();
  await logs.stop();
});

/** As a consumer parks a record that is none, and an operator gives up an event. */
const park = `insert into subscription.parked
    (subscription, scope, partition, event_id, key, type, revision, record_offset, headers, value, attempts, error)
  values ('activity', 'topic', 3, '0d1c5f0a-4f0e-5a8e-9c8d-3b6f6a2c1e11', '?', null, null, 18446744073709551615,
          '{"a": ["ü"]}', '\\x00ff0a', 5, 'undecodable'),
         ('catalog', 'build-1', 0, '0d1c5f0a-4f0e-5a8e-9c8d-3b6f6a2c1e12', 'product-1', 'Set', 1, 7, null, null, 5, 'ill');
  insert into subscription.discarded values
    ('catalog', '0d1c5f0a-4f0e-5a8e-9c8d-3b6f6a2c1e13', 'junk', 'key-1', '2026-01-01T00:00:00.123456Z')`;

/** As text: a number of 64 bits read here would look like its neighbours. */
const rowsOf = async ({ store }: { readonly store: ReadStore }, table: string): Promise<string[]> =>
  (
    await store.pool.query<{ row: string }>(
      `select (to_jsonb(r) - 'id')::text as row from ${table} r order by r.event_id`,
    )
  ).rows.map(({ row }) => row);

describe('what lies beside a log', () => {
  it('travels with it: files that were used, what was given up, and records that no log has', async () => {
    const { source, target, folder } = logs;
    const { from, to } = await parkedAndEmpty();
    const [used, unused] = ['a;b\n1;2\n', 'nobody'].map((text) => ({
      text,
      name: `${sha256Of(text)}.csv`,
    })) as [File, File];
    mkdirSync(join(from.dataDir, 'imports', 'unused'), { recursive: true });
    for (const { text, name } of [used, unused])
      writeFileSync(join(from.dataDir, 'imports', name), text);
    writeFileSync(join(from.dataDir, 'imports', 'unused', unused.name.slice(0, 64)), '');
    writeFileSync(join(from.dataDir, 'admin.key'), 'secret');
    const end = await exportArchive({ log: source, folder, beside: from });
    expect(end).toMatchObject({ files: 1, isWhole: true });
    await importArchive({ log: target, folder, beside: to });
    expect(readFileSync(join(to.dataDir, 'imports', used.name), 'utf8')).toBe(used.text);
    expect(() => readFileSync(join(to.dataDir, 'imports', unused.name))).toThrow('ENOENT');
    expect(await rowsOf(to, 'subscription.discarded')).toEqual(
      await rowsOf(from, 'subscription.discarded'),
    );
    // Of what the log has, followers that begin anew meet every event again.
    const parked = await rowsOf(from, 'subscription.parked');
    expect(await rowsOf(to, 'subscription.parked')).toEqual(parked.slice(0, 1));
  });

  it('is what the last export found, and not what one that was killed had found before', async () => {
    const { source, target, folder } = logs;
    const { from, to } = await parkedAndEmpty();
    await exportArchive({ log: source, folder, beside: from });
    // As if it had been killed before its last line.
    const path = join(folder, 'manifest.ndjson');
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    writeFileSync(path, lines.slice(0, -1).join('\n') + '\n');
    await from.store.pool.query('delete from subscription.parked');
    await exportArchive({ log: source, folder, beside: from });
    await importArchive({ log: target, folder, beside: to });
    expect(await rowsOf(to, 'subscription.parked')).toEqual([]);
    expect(await rowsOf(to, 'subscription.discarded')).toHaveLength(1);
  });

  it('goes where no other import is under way', async () => {
    const { source, target, folder } = logs;
    const from = besideOn('old', await testDatabase());
    const to = besideOn('new', await testDatabase());
    const events = Array.from({ length: 400 }, () => newEvent('Set', {}));
    await source.append('product-1', events, 'no_stream');
    await exportArchive({ log: source, folder, beside: from });
    const request = { log: target, folder, beside: to };
    const both = await Promise.allSettled([importArchive(request), importArchive(request)]);
    const refused = both.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
    expect(refused).toEqual([expect.stringContaining('is under way already')]);
    expect(await importArchive(request)).toMatchObject({ wasThere: true });
  });

  it('is refused where a file is not what its name says', async () => {
    const { source, target, folder } = logs;
    const from = besideOn('old', await testDatabase());
    const name = `${sha256Of('a')}.csv`;
    mkdirSync(join(from.dataDir, 'imports'), { recursive: true });
    writeFileSync(join(from.dataDir, 'imports', name), 'b');
    await expect(exportArchive({ log: source, folder, beside: from })).rejects.toThrow(
      'does not hold what its name says',
    );
    writeFileSync(join(from.dataDir, 'imports', name), 'a');
    await exportArchive({ log: source, folder, beside: from });
    writeFileSync(join(folder, 'files', 'imports', name), 'c');
    const to = besideOn('new', await testDatabase());
    await expect(importArchive({ log: target, folder, beside: to })).rejects.toThrow(
      `files/imports/${name}: its content is not`,
    );
  });
});

interface File {
  readonly text: string;
  readonly name: string;
}

describe('a log from which events were removed', () => {
  it('is carried over with every revision as it was', async () => {
    const { source, target, folder, nodes } = logs;
    const events = Array.from({ length: 5 }, () => newEvent('Set', {}));
    await source.append('product-1', events, 'no_stream');
    await source.append('product-2', [newEvent('Set', {})], 'no_stream');
    // As scavenging does on a server.
    const client = new pg.Client({ connectionString: nodes.source.log.url });
    await client.connect();
    await client.query(`delete from events where stream = 'product-1' and revision in (0, 1, 3)`);
    await client.end();
    await nodes.source.restart();
    const end = await exportArchive({ log: source, folder });
    expect(end.counts.events).toBe(3);
    await importArchive({ log: target, folder });
    expect(await contentOf(target)).toEqual(await contentOf(source));
    const page = await target.readAll({ limit: 100 });
    expect(page.events.map(({ stream, revision }) => [stream, revision])).toEqual([
      ...[
        ['product-1', 2n],
        ['product-1', 4n],
      ],
      ['product-2', 0n],
    ]);
    await exportArchive({ log: target, folder: join(logs.root, 'back') });
    await importArchive({ log: target, folder });
  });
});
