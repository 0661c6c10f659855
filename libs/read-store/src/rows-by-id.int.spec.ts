import { afterAll, beforeAll, expect, it } from 'vitest';

import { type TestDatabase, testDatabase } from '#testing/embedded.js';

import { ReadStore } from './read-store.js';
import { rowsById } from './rows-by-id.js';

interface Thing {
  readonly id: string;
  readonly position: string;
  readonly amount: string | null;
  readonly names: readonly string[];
  readonly known: boolean;
  readonly at: string;
  readonly document: object;
}

let database: TestDatabase;
let store: ReadStore;
beforeAll(async () => {
  database = await testDatabase();
  store = new ReadStore(database.url);
  await store.pool.query(
    `create table things (id text primary key, position bigint not null, amount numeric,
       names text[] not null, known boolean not null, at date not null, document jsonb not null)`,
  );
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

const { load, save } = rowsById<Thing>('things');

it('gives back what was saved, to the last digit', async () => {
  const rows = ['a', 'b-1'].map((id) => ({
    ...{ id, position: '9007199254740993', amount: '0.10', names: ['x', 'y,z'], known: true },
    ...{ at: '2026-02-11', document: { text: '1', number: 1 } },
  }));
  const saved = new Map(rows.map((row) => [row.id, row]));
  await save(store.pool, saved);
  expect(await load(store.pool, [{ stream: 'thing-a' }, { stream: 'thing-b-1' }])).toEqual(saved);
  expect(await load(store.pool, [{ stream: 'thing-c' }])).toEqual(new Map());
});

it('writes over what was there, and leaves other rows', async () => {
  const rows = await load(store.pool, [{ stream: 'thing-a' }]);
  const changed = { ...rows.get('a')!, amount: null, known: false };
  await save(store.pool, new Map([['a', changed]]));
  await save(store.pool, new Map());
  expect((await load(store.pool, [{ stream: 'thing-a' }])).get('a')).toEqual(changed);
  expect((await load(store.pool, [{ stream: 'thing-b-1' }])).get('b-1')?.known).toBe(true);
});
