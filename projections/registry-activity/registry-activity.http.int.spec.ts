import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { LogTail } from '#event-log/log-tail.js';
import type { Fact } from '#fanout/fact.js';
import { ResourceReader } from '#resource/reader.js';
import { ResourceApp } from '#resource/test/resource-app.js';

import { ActivityDatabase } from './activity-database.fixture.js';
import { merged, named, product, registered } from './facts.fixture.js';
import { type ActivityResponse, RegistryActivityController } from './registry-activity.http.js';

let database: ActivityDatabase;
let app: ResourceApp;

beforeAll(async () => {
  database = await ActivityDatabase.create();
  // The activity is counted from facts: nothing of it is read from the log.
  const reader = new ResourceReader(database.store, {} as never, new LogTail({} as never), () =>
    Promise.resolve(new Map()),
  );
  app = await ResourceApp.start(reader, { controllers: [RegistryActivityController] });
});
afterAll(async () => {
  await app.stop();
  await database.stop();
});

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
  readonly items: readonly ActivityResponse[];
  readonly nextCursor: string | null;
  readonly code: string;
  readonly errors: readonly { readonly pointer: string; readonly reason: string }[];
}

const get = async (query = '', headers: Record<string, string> = {}): Promise<Answer> => {
  const {
    status,
    text,
    body,
    headers: answered,
  } = await app.get(`/v1/analytics/registry-activity${query}`, headers);
  return { status, type: answered['content-type'] ?? null, text, ...body } as Answer;
};

const [one, two, three, nobody] = ['1', '2', '3', '4'].map(
  (digit) => `a0000000-0000-4000-8000-00000000000${digit}`,
) as [string, string, string, string];
const at = (day: number): Partial<Fact> => ({
  recordedAt: `2026-02-0${String(day)}T08:00:00.000Z`,
});

/** Of three manufacturers: the first was merged into the second, and that into the third. */
const story: readonly Fact[] = [
  named(one, 'Uno', at(1)),
  named(two, 'Due', at(1)),
  registered('p1', one, at(1)),
  product('p1', 'ElementsSet', at(2)),
  registered('p2', two, at(2)),
  product('p2', 'ElementsSet', at(2)),
  product('p2', 'ElementsSet', { recordedAt: '2026-02-02T21:30:00.000Z' }),
  registered('p3', three, at(3)),
  merged(one, two, at(3)),
  merged(two, three, at(3)),
];

const short = ({ day, manufacturer, kind, changes }: ActivityResponse): string =>
  [day, [one, two, three].indexOf(manufacturer.id) + 1, kind, changes].join(' ');

const apart = [
  '2026-02-03 3 product-registered 1',
  '2026-02-03 2 manufacturer-merged 1',
  '2026-02-03 1 manufacturer-merged 1',
  '2026-02-02 2 elements-set 2',
  '2026-02-02 2 product-registered 1',
  '2026-02-02 1 elements-set 1',
  '2026-02-01 2 manufacturer-registered 1',
  '2026-02-01 1 manufacturer-registered 1',
  '2026-02-01 1 product-registered 1',
];

describe('the activity over HTTP', () => {
  beforeEach(() => database.record(story));
  afterEach(() => database.clear());

  it('is shown with the newest day first and then by name, under those that were changed', async () => {
    const { status, items, nextCursor } = await get();
    expect(status).toBe(200);
    expect(nextCursor).toBeNull();
    expect(items.map(short)).toEqual(apart);
    expect(items[3]).toEqual({
      day: '2026-02-02',
      manufacturer: { id: two, name: 'Due', mergedInto: three },
      kind: 'elements-set',
      changes: 2,
      firstAt: '2026-02-02T08:00:00.000Z',
      lastAt: '2026-02-02T21:30:00.000Z',
    });
    expect(items[0]?.manufacturer).toEqual({ id: three, name: null, mergedInto: null });
  });

  it.each([1, 2, 5])('comes page by page of %d', async (limit) => {
    const rows: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await get(`?limit=${limit}${cursor && `&cursor=${cursor}`}`);
      rows.push(...page.items.map(short));
      expect(page.items.length).toBeLessThanOrEqual(limit);
      cursor = page.nextCursor;
    }
    expect(rows).toEqual(apart);
  });

  it.each(['', '&merged=into'])(
    'comes once each, though names become known between the pages%s',
    async (merging) => {
      await database.clear();
      const ids = Array.from(
        { length: 9 },
        (_, n) => `b0000000-0000-4000-8000-00000000000${String(n)}`,
      );
      await database.record(ids.map((id) => registered(`of ${id}`, id, at(1))));
      // The names turn the order round.
      const names = ids.map((id, n) => named(id, `Name ${String(9 - n)}`, at(2)));
      const seen: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const page: Answer = await get(
          `?kind=product-registered&limit=2${merging}${cursor && `&cursor=${cursor}`}`,
        );
        seen.push(...page.items.map(({ manufacturer }) => manufacturer.id));
        cursor = page.nextCursor;
        await database.record(names.splice(0, 2));
        await database.record(names.splice(-2));
      }
      expect(seen).toEqual(ids);
      const { items } = await get('?kind=product-registered');
      expect(items.map(({ manufacturer }) => manufacturer.id)).toEqual([...ids].reverse());
    },
  );

  it.each([
    ['?from=2026-02-03', apart.slice(0, 3)],
    ['?to=2026-02-01', apart.slice(6)],
    ['?from=2026-02-02&to=2026-02-02', apart.slice(3, 6)],
    ['?kind=elements-set', [apart[3], apart[5]]],
    [`?manufacturerId=${one.toUpperCase()}&from=2026-02-02`, [apart[2], apart[5]]],
    [`?manufacturerId=${nobody}`, []],
  ])('is filtered by %s', async (query, expected) => {
    expect((await get(query)).items.map(short)).toEqual(expected);
  });

  it('counts for those who answer for merged manufacturers, when asked to', async () => {
    const { items } = await get('?merged=into');
    expect(items.map(short)).toEqual([
      '2026-02-03 3 manufacturer-merged 2',
      '2026-02-03 3 product-registered 1',
      '2026-02-02 3 elements-set 3',
      '2026-02-02 3 product-registered 1',
      '2026-02-01 3 manufacturer-registered 2',
      '2026-02-01 3 product-registered 1',
    ]);
    expect(items[2]).toMatchObject({ lastAt: '2026-02-02T21:30:00.000Z' });
    expect((await get(`?merged=into&manufacturerId=${one}`)).items).toEqual([]);
    expect((await get(`?merged=into&manufacturerId=${three}`)).items).toHaveLength(6);
  });

  it('ends where mergers lead in a ring', async () => {
    await database.record([merged(three, one, at(4))]);
    expect((await get('?merged=into')).status).toBe(200);
  });

  it('is exported as CSV and as lines of JSON', async () => {
    const csv = await get('?format=csv&from=2026-02-03');
    expect(csv.type).toContain('text/csv');
    expect(csv.text.split('\r\n')).toEqual([
      'day,manufacturer_id,manufacturer,merged_into,kind,changes,first_at,last_at',
      `2026-02-03,${three},,,product-registered,1,2026-02-03T08:00:00.000Z,2026-02-03T08:00:00.000Z`,
      `2026-02-03,${two},Due,${three},manufacturer-merged,1,2026-02-03T08:00:00.000Z,2026-02-03T08:00:00.000Z`,
      `2026-02-03,${one},Uno,${two},manufacturer-merged,1,2026-02-03T08:00:00.000Z,2026-02-03T08:00:00.000Z`,
      '',
    ]);
    const lines = await get('', { accept: 'application/x-ndjson' });
    const rows = lines.text.trim().split('\n');
    expect(rows.map((row) => short(JSON.parse(row) as ActivityResponse))).toEqual(apart);
    expect((await get('?format=csv&limit=1')).errors[0]?.pointer).toBe('?limit');
  });

  it.each([
    ['?day=2026-02-01', '?day'],
    ['?from=2026-02-30', '?from'],
    ['?from=2026-02-02&to=2026-02-01', '?to'],
    ['?kind=ElementsSet', '?kind'],
    ['?manufacturerId=one', '?manufacturerId'],
    ['?merged=yes', '?merged'],
    ['?limit=1001', '?limit'],
    ['?after=now', '?after'],
  ])('refuses %s, and names it', async (query, pointer) => {
    const { status, code, errors } = await get(query);
    expect([status, code, errors[0]?.pointer]).toEqual([400, 'QUERY_INVALID', pointer]);
  });

  it('refuses the cursor of another list, and one that was made up', async () => {
    const { nextCursor } = await get('?limit=1');
    expect((await get(`?limit=1&kind=elements-set&cursor=${nextCursor ?? ''}`)).code).toBe(
      'CURSOR_INVALID',
    );
    const parts = JSON.parse(Buffer.from(nextCursor ?? '', 'base64url').toString()) as string[];
    parts[1] = '2026-02-31';
    const forged = Buffer.from(JSON.stringify(parts)).toString('base64url');
    expect((await get(`?limit=1&cursor=${forged}`)).code).toBe('CURSOR_INVALID');
  });
});

describe('before anything was counted', () => {
  it('the activity is empty, and there is nothing to wait for', async () => {
    expect(await get()).toMatchObject({ status: 200, items: [], nextCursor: null });
    expect(await get('?after=1')).toMatchObject({ status: 503, code: 'NOT_YET_VISIBLE' });
  });
});

describe('waiting for a position', () => {
  const checkpoint = async (source: string, through: number): Promise<void> => {
    await database.pool.query(
      `insert into subscription.subscription (name, kind, source) values ('registry-activity', 'consumer', $1)
       on conflict (name, version) do update set source = excluded.source`,
      [source],
    );
    await database.pool.query(
      `insert into subscription.checkpoint (subscription, scope, source, next_offset)
       values ('registry-activity', 'voltrace.product-registry.v1', $1, $2)
       on conflict (subscription, scope, partition) do update set next_offset = excluded.next_offset`,
      [source, through],
    );
  };

  it('ends when the log was read so far', async () => {
    await checkpoint('log', 99);
    const waiting = get('?after=100');
    await checkpoint('log', 100);
    expect((await waiting).status).toBe(200);
    expect((await get('?after=101')).code).toBe('NOT_YET_VISIBLE');
  });

  it('is refused over Kafka, where no partition knows of the others', async () => {
    await checkpoint('kafka', 100);
    const { status, errors } = await get('?after=1');
    expect(status).toBe(400);
    expect(errors[0]?.reason).toContain('Kafka');
  });
});
