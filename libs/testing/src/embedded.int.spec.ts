import pg from 'pg';
import { describe, expect, it } from 'vitest';

import { testDatabase } from './embedded.js';
import { databaseFrom } from './template-database.js';

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('test databases', () => {
  it('are empty and apart from each other', async () => {
    const [one, other] = [await testDatabase(), await testDatabase()];
    await query(one.url, 'create table facts as select 1 as one');
    expect(await query(other.url, "select to_regclass('facts') as facts")).toEqual([
      { facts: null },
    ]);
    await one.drop();
    await other.drop();
  });

  it('are copied from a template that is prepared once', async () => {
    let prepared = 0;
    const template = {
      name: 'example',
      version: '1',
      prepare: async (url: string) => {
        prepared += 1;
        await query(url, 'create table facts as select 42 as answer');
      },
    };
    const copies = await Promise.all([1, 2, 3].map(() => databaseFrom(template)));
    expect(prepared).toBe(1);
    for (const copy of copies) {
      expect(await query(copy.url, 'select answer from facts')).toEqual([{ answer: 42 }]);
    }
    await Promise.all(copies.map((copy) => copy.drop()));
  });

  it('leave no half template behind a preparation that failed', async () => {
    const name = 'failing';
    const failing = { name, prepare: () => Promise.reject(new Error('not today')) };
    await expect(databaseFrom(failing)).rejects.toThrow('not today');
    const copy = await databaseFrom({ name, prepare: () => Promise.resolve() });
    expect(await query(copy.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});
