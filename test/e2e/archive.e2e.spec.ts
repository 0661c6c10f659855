import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { generateBatteryList } from '#product-registry/import/testing/generate-battery-list.js';
import { seeded } from '#test/support/seeded.js';
import { projectRoot } from '#testing/build.js';
import { newEvent } from '#testing/new-event.js';
import { type CommandResult, runCtl, TestStandalone } from '#testing/standalone.js';
import { eventually } from '#testing/until.js';

const root = mkdtempSync(join(tmpdir(), 'voltrace-archive-'));
chmodSync(root, 0o755);
const [oldDir, newDir, archive] = ['old', 'new', 'archive'].map((name) => join(root, name)) as [
  string,
  string,
  string,
];

interface Note {
  readonly databaseUrl: string;
  readonly eventStoreUrl: string;
}
const noteOf = (dataDir: string): Note =>
  JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8')) as Note;

const ok = async (dataDir: string, ...args: string[]): Promise<string> => {
  const result: CommandResult = await runCtl(dataDir, args);
  // 4: rows of a list are open.
  if (result.exitCode !== 0 && result.exitCode !== 4)
    throw new Error(`${args.join(' ')}: ${String(result.exitCode)}: ${result.stderr}`);
  return result.stdout;
};

const json = async <T>(standalone: TestStandalone, path: string): Promise<T> => {
  const response = await standalone.fetch(path);
  const body: unknown = await response.json();
  if (response.status !== 200) throw new Error(`${path}: ${JSON.stringify(body)}`);
  return body as T;
};

interface Parked {
  readonly id: string;
  readonly subscription: string;
  readonly eventId: string;
  readonly error: string | null;
}
const parkedOf = async (standalone: TestStandalone): Promise<readonly Parked[]> =>
  (await json<{ items: Parked[] }>(standalone, '/v1/parked?limit=1000')).items;

/** What is another one in another store: where an event lies, when a row was written, and in which batch of a follower. */
const ofTheStore =
  /position|^(id|record_offset|named_in|moved_at|noted_at|parked_at|caught_up_at|holder|heard_at|built_at)$/;
/** How followers work is theirs: state of subscriptions, builds, and which pages of lists moved lately. */
const ownTables =
  /^(read_store\.|subscription\.(subscription|checkpoint|attempt)$|fanout\.)|\.moved_/;

/** The rows of every table, without what is of the store. */
const tablesOf = async (url: string): Promise<ReadonlyMap<string, readonly string[]>> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  const tables = new Map<string, readonly string[]>();
  for (const { name } of rows) {
    if (ownTables.test(name)) continue;
    const found = await client.query<{ row: object }>(`select to_jsonb(r) as row from ${name} r`);
    tables.set(name, found.rows.map(({ row }) => JSON.stringify(withoutStore(row, name))).sort());
  }
  await client.end();
  return tables;
};

const withoutStore = (row: object, table: string): object =>
  Object.fromEntries(
    Object.entries(row).filter(
      ([name]) => !ofTheStore.test(name) || (name === 'id' && table !== 'subscription.parked'),
    ),
  );

/** Of an answer: positions are those of the store that answers. */
const shown = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, member: unknown) => (/position$/i.test(key) ? undefined : member)),
  );

/** The events of an archive, without where they lay. */
const linesOf = (folder: string): readonly string[] =>
  readdirSync(join(folder, 'events'))
    .sort()
    .flatMap((name) =>
      gunzipSync(readFileSync(join(folder, 'events', name)))
        .toString()
        .trim()
        .split('\n'),
    )
    .map((line) => line.replace(/"position":"[^"]*",/, ''));

let old: TestStandalone;
let fresh: TestStandalone;
let visitorKey: string;

/** A registration that no follower can make sense of: they park it, and what comes behind it. */
const poison = async (log: EsdbEventLog, stream: string): Promise<void> => {
  const events = [
    newEvent('ProductRegistered', { productType: 'ProdBattery' }),
    newEvent('ElementsSet', { elements: 'none' }),
  ];
  await log.append(stream, events, 'no_stream');
};

beforeAll(async () => {
  old = await TestStandalone.start({ dataDir: oldDir });
  const list = join(root, 'list.csv');
  writeFileSync(list, [...generateBatteryList({ rows: 150, seed: 7 })].join(''));
  await ok(oldDir, 'import', 'manufacturers', join(projectRoot, 'examples', 'manufacturers.csv'));
  await ok(oldDir, 'import', 'products', list);
  await ok(oldDir, 'simulate', 'site', '--once');
  const created = await ok(
    oldDir,
    ...['--json', 'keys', 'create', 'visitor', '--role', 'viewer', '--reason', 'reads'],
  );
  visitorKey = (JSON.parse(created) as { key: string }).key;
  const log = EsdbEventLog.connect(noteOf(oldDir).eventStoreUrl);
  await poison(log, 'product-0b9c1c52-3f39-5f0e-8a0b-7a4b3d1f2e10');
  await poison(log, 'product-0b9c1c52-3f39-5f0e-8a0b-7a4b3d1f2e11');
  await log.close();
  const ofCatalog = async (): Promise<readonly Parked[]> =>
    (await parkedOf(old)).filter(({ subscription }) => subscription === 'product-catalog');
  const [first] = await eventually(async () => {
    const parked = await ofCatalog();
    expect(parked).toHaveLength(4);
    return parked;
  });
  await ok(oldDir, 'parked', 'discard', first?.id ?? '', '--reason', 'never was a product');
  await eventually(async () => {
    expect((await ofCatalog()).map(({ eventId }) => eventId)).not.toContain(first?.eventId);
  });
  await ok(oldDir, 'events', 'export', archive);
  await ok(newDir, 'events', 'import', archive);
  // The archive holds no secret that opens anything; without this, a new admin key would be made.
  copyFileSync(join(oldDir, 'admin.key'), join(newDir, 'admin.key'));
  fresh = await TestStandalone.start({ dataDir: newDir });
}, 300_000);
afterAll(async () => {
  await Promise.all([old.stop(), (fresh as TestStandalone | undefined)?.stop()]);
  rmSync(root, { recursive: true, force: true });
});

describe('an installation that was exported and imported', () => {
  it('has the same rows in every table', async () => {
    const before = await tablesOf(noteOf(oldDir).databaseUrl);
    expect(before.size).toBeGreaterThan(40);
    await eventually(async () => {
      const after = await tablesOf(noteOf(newDir).databaseUrl);
      expect([...after.keys()]).toEqual([...before.keys()]);
      for (const [name, rows] of before) expect([name, after.get(name)]).toEqual([name, rows]);
    });
    const filled = [...before].filter(([, rows]) => rows.length > 0).map(([name]) => name);
    expect(filled).toEqual(
      expect.arrayContaining(['subscription.parked', 'subscription.discarded']),
    );
  });

  it('has the same log, with the times at which the former one recorded it', async () => {
    const log = async (standalone: TestStandalone): Promise<readonly string[]> => {
      const text = await (
        await standalone.fetch('/v1/events', { headers: { accept: 'application/x-ndjson' } })
      ).text();
      const lines = text.trim().split('\n').slice(0, -1);
      return lines.map((line) => JSON.stringify(shown(JSON.parse(line))));
    };
    const before = await log(old);
    expect(before.length).toBeGreaterThan(500);
    expect(await log(fresh)).toEqual(before);
  });

  it('answers histories, and fifty random times, as before', async () => {
    const random = seeded(11);
    const { items } = await json<{ items: { id: string }[] }>(old, '/v1/products?limit=100');
    const histories = await Promise.all(
      items
        .slice(0, 20)
        .map(({ id }) =>
          json<{ items: { recordedAt: string }[] }>(old, `/v1/products/${id}/history`),
        ),
    );
    const times = histories.flatMap(({ items: all }) =>
      all.map(({ recordedAt }) => Date.parse(recordedAt)),
    );
    const [first, last] = [Math.min(...times), Math.max(...times)];
    for (const [index, { id }] of items.slice(0, 20).entries()) {
      expect(shown(await json(fresh, `/v1/products/${id}/history`))).toEqual(
        shown(histories[index]),
      );
    }
    let found = 0;
    for (let n = 0; n < 50; n += 1) {
      const at = new Date(first - 50 + random() * (last - first + 100)).toISOString();
      const { id } = items[Math.floor(random() * items.length)] ?? { id: '' };
      const answer = async (standalone: TestStandalone) => {
        const response = await standalone.fetch(`/v1/products/${id}?asOf=${at}`);
        return {
          status: response.status,
          body: response.status === 200 ? shown(await response.json()) : null,
        };
      };
      const before = await answer(old);
      found += before.status === 200 ? 1 : 0;
      expect([at, id, await answer(fresh)]).toEqual([at, id, before]);
    }
    expect(found).toBeGreaterThan(5);
    expect(found).toBeLessThan(50);
  });

  it('lets in who had a key, keeps the files, and goes on with new events', async () => {
    const headers = { authorization: `Bearer ${visitorKey}` };
    expect((await fetch(`${fresh.url}/v1/products?limit=1`, { headers })).status).toBe(200);
    expect((await fetch(`${fresh.url}/v1/api-keys`, { headers })).status).toBe(403);
    const files = (dataDir: string) =>
      readdirSync(join(dataDir, 'imports'))
        .filter((name) => name.endsWith('.csv'))
        .sort();
    expect(files(oldDir)).toHaveLength(2);
    expect(files(newDir)).toEqual(files(oldDir));
    const makers = join(projectRoot, 'examples', 'manufacturers.csv');
    const again = await ok(newDir, '--json', 'import', 'manufacturers', makers);
    expect(JSON.parse(again)).toMatchObject({ rows: { accepted: 0 } });
    expect(await ok(newDir, 'events', 'import', archive)).toContain('were imported before');
  });

  it('is exported as what it was, also while it does not run', async () => {
    const back = join(root, 'back');
    await fresh.stop();
    await ok(newDir, 'events', 'export', back);
    const [lines, former] = [linesOf(back), linesOf(archive)];
    expect(former.length).toBeGreaterThan(500);
    expect(lines.slice(0, former.length)).toEqual(former);
  });
});
