import { afterAll, beforeAll, expect, it } from 'vitest';

import { type TestDatabase, testDatabase } from '#testing/embedded.js';

import { prepared } from './prepared.js';
import { ReadStore } from './read-store.js';

let database: TestDatabase;
let store: ReadStore;
beforeAll(async () => {
  database = await testDatabase();
  // One connection: the one that has prepared the statement reads again.
  store = new ReadStore(database.url, { maxConnections: 1 });
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

const text = `select name, 'shown.thing'::regclass::oid::text as journal from shown.thing where id = $1`;
const read = async (): Promise<{ name: string; journal: string } | undefined> =>
  (await store.pool.query<{ name: string; journal: string }>(prepared(text, [1]))).rows[0];
const make = (schema: string, name: string): string =>
  `create schema ${schema}; create table ${schema}.thing (id int primary key, name text);
   insert into ${schema}.thing values (1, '${name}');`;

it('follows a schema that takes the place of another', async () => {
  await store.pool.query(make('shown', 'old') + make('next', 'new'));
  const before = await read();
  // Beyond five executions PostgreSQL may keep one plan for all values.
  for (let n = 0; n < 8; n += 1) expect(await read()).toEqual(before);
  const { rows } = await store.pool.query(
    'select from pg_prepared_statements where from_sql = false',
  );
  expect(rows).toHaveLength(1);
  await store.pool.query('drop schema shown cascade; alter schema next rename to shown');
  const after = await read();
  expect([before?.name, after?.name]).toEqual(['old', 'new']);
  expect(after?.journal).not.toBe(before?.journal);
});

it('names a bounded number of texts, the same text always alike', () => {
  const named = Array.from({ length: 1_000 }, (_, n) => prepared(`select ${String(n)}`).name);
  const given = named.filter((name) => name !== undefined);
  expect(given.length).toBeLessThanOrEqual(300);
  expect(new Set(given).size).toBe(given.length);
  expect(prepared('select 0').name).toBe(named[0]);
});
