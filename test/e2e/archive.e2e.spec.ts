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
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { generateBatteryList } from '#product-registry/import/testing/generate-battery-list.js';
import { seeded } from '#test/support/seeded.js';
import { projectRoot } from '#testing/build.js';
import { newEvent } from '#testing/new-event.js';
import { type CommandResult, runCtl, TestStandalone } from '#testing/standalone.js';
import { eventually } from '#testing/until.js';

import { fill, killed, patienceMs, size, tablesOf } from './archived-installation.js';

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

/** A command that makes a folder is killed again and again, ever later, until it is left alone. */
const afterKills = async (dataDir: string, made: string, ...args: string[]): Promise<void> => {
  let withinMs = 3_000;
  for (let kills = 0; kills < size.kills;) {
    if (await killed(dataDir, args, 300 + random() * withinMs)) {
      kills += 1;
      withinMs *= 1.3;
    } else {
      rmSync(made, { recursive: true, force: true });
      withinMs /= 2;
    }
  }
  const began = performance.now();
  await ok(dataDir, ...args);
  say(`events ${args[1] ?? ''}: killed ${String(size.kills)} times, then ${seconds(began)}`);
};

const random = seeded(5);
const seconds = (since: number): string => `${((performance.now() - since) / 1_000).toFixed(1)} s`;
const say = (text: string): void => {
  console.warn(`archive: ${text}`);
};

beforeAll(async () => {
  old = await TestStandalone.start({ dataDir: oldDir });
  const list = join(root, 'list.csv');
  writeFileSync(list, [...generateBatteryList({ rows: size.products, seed: 7 })].join(''));
  await ok(oldDir, 'import', 'manufacturers', join(projectRoot, 'examples', 'manufacturers.csv'));
  await ok(oldDir, 'import', 'products', list);
  await ok(oldDir, 'simulate', 'site', '--once');
  const created = await ok(
    oldDir,
    ...['--json', 'keys', 'create', 'visitor', '--role', 'viewer', '--reason', 'reads'],
  );
  visitorKey = (JSON.parse(created) as { key: string }).key;
  await fill(noteOf(oldDir).eventStoreUrl);
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
  }, patienceMs);
  await ok(oldDir, 'parked', 'discard', first?.id ?? '', '--reason', 'never was a product');
  await eventually(async () => {
    expect((await ofCatalog()).map(({ eventId }) => eventId)).not.toContain(first?.eventId);
  });
  await afterKills(oldDir, archive, 'events', 'export', archive);
  await afterKills(newDir, newDir, 'events', 'import', archive);
  // The archive holds no secret that opens anything; without this, a new admin key would be made.
  copyFileSync(join(oldDir, 'admin.key'), join(newDir, 'admin.key'));
  fresh = await TestStandalone.start({ dataDir: newDir });
}, 6 * patienceMs);
afterAll(async () => {
  await Promise.all([old.stop(), (fresh as TestStandalone | undefined)?.stop()]);
  rmSync(root, { recursive: true, force: true });
});

describe('an installation that was exported and imported', { timeout: 2 * patienceMs }, () => {
  it('has the same rows in every table', async () => {
    const began = performance.now();
    const before = await eventually(async () => {
      // Both may still be building.
      await sleep(size.events / 20);
      const [was, is] = await Promise.all([
        tablesOf(noteOf(oldDir).databaseUrl),
        tablesOf(noteOf(newDir).databaseUrl),
      ]);
      expect([...is.keys()]).toEqual([...was.keys()]);
      for (const [name, rows] of was) {
        expect([name, is.get(name)?.length]).toEqual([name, rows.length]);
        expect([name, is.get(name)]).toEqual([name, rows]);
      }
      return was;
    }, patienceMs);
    expect(before.size).toBeGreaterThan(40);
    const count = [...before.values()].reduce((sum, rows) => sum + rows.length, 0);
    say(`${String(before.size)} tables, ${String(count)} rows, the same ${seconds(began)} later`);
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
    expect(before.length).toBeGreaterThan(Math.max(500, size.events - 1));
    say(`${String(before.length)} events are the same`);
    expect(await log(fresh)).toEqual(before);
  });

  it('answers histories, and fifty random times, as before', async () => {
    const { items } = await json<{ items: { id: string }[] }>(old, '/v1/products?limit=100');
    const histories = await Promise.all(
      items
        .slice(0, 20)
        .map(({ id }) =>
          json<{ items: { recordedAt: string }[] }>(old, `/v1/products/${id}/history?limit=1000`),
        ),
    );
    const times = histories.flatMap(({ items: all }) =>
      all.map(({ recordedAt }) => Date.parse(recordedAt)),
    );
    const [first, last] = [Math.min(...times), Math.max(...times)];
    for (const [index, { id }] of items.slice(0, 20).entries()) {
      expect(shown(await json(fresh, `/v1/products/${id}/history?limit=1000`))).toEqual(
        shown(histories[index]),
      );
    }
    let found = 0;
    for (let n = 0; n < 50; n += 1) {
      // Every other time is of the beginning, when not every product was there.
      const span = (last - first + 100) / (n % 2 === 0 ? 1 : 10);
      const at = new Date(first - 50 + random() * span).toISOString();
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
    say(`50 times are answered as before, ${String(found)} of them with a product`);
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
