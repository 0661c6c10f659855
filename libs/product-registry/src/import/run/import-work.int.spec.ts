import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { migrate } from '#read-store/migrate.js';
import { ReadStore } from '#read-store/read-store.js';
import type { TestDatabase } from '#testing/embedded.js';
import { databaseFrom } from '#testing/template-database.js';

import { ImportWork } from './import-work.js';

let database: TestDatabase;
let store: ReadStore;
let work: ImportWork;
beforeAll(async () => {
  database = await databaseFrom({ name: 'import-work', prepare: migrate });
  store = new ReadStore(database.url);
  work = new ImportWork(store.pool);
});
afterAll(async () => {
  await store.close();
  await database.drop();
});
beforeEach(async () => {
  await store.pool.query('truncate product_imports.work');
});

const second = 1_000;

describe('the work list of imports', () => {
  it('gives an import to one process', async () => {
    const id = randomUUID();
    await work.enqueue(id, 'products');
    const claims = await Promise.all(
      Array.from({ length: 12 }, (_, n) => work.claim('products', `p${String(n)}`, 60 * second)),
    );
    expect(claims.flatMap((claim) => (claim ? [claim.importId] : []))).toEqual([id]);
  });

  it('gives away one import of a kind at a time, the one that waits longest first', async () => {
    const ids = Array.from({ length: 4 }, () => randomUUID());
    for (const id of ids) await work.enqueue(id, 'products');
    const other = randomUUID();
    await work.enqueue(other, 'manufacturers');
    for (const id of ids) {
      const claims = await Promise.all(
        Array.from({ length: 8 }, (_, n) => work.claim('products', `p${String(n)}`, 60 * second)),
      );
      const found = claims.filter((claim) => claim !== undefined);
      expect(found.map(({ importId }) => importId)).toEqual([id]);
      // Whatever waits or runs of another kind.
      expect((await work.claim('manufacturers', 'another', 60 * second))?.importId).toBe(
        id === ids[0] ? other : undefined,
      );
      if (found[0]) await work.finish(found[0]);
    }
  });

  it('gives away none that waits behind one that is being claimed', async () => {
    const ids = Array.from({ length: 2 }, () => randomUUID());
    for (const id of ids) await work.enqueue(id, 'products');
    await store.transaction(async (claiming) => {
      await claiming.query('select from product_imports.work where import_id = $1 for update', [
        ids[0],
      ]);
      expect(await work.claim('products', 'another', second)).toBeUndefined();
    });
    expect((await work.claim('products', 'another', second))?.importId).toBe(ids[0]);
  });

  it('gives it to another one when its lease is not renewed', async () => {
    const id = randomUUID();
    await work.enqueue(id, 'products');
    const first = await work.claim('products', 'first', 60 * second);
    if (!first) throw new Error('not claimed');
    expect(await work.claim('products', 'second', second)).toBeUndefined();
    await work.renew(first, 50);
    await sleep(80);
    expect((await work.claim('products', 'second', 60 * second))?.importId).toBe(id);
    expect(await work.renew(first, second)).toBe(false);
  });

  it('keeps it from others when it was renewed', async () => {
    await work.enqueue(randomUUID(), 'products');
    const claimed = await work.claim('products', 'first', 50);
    if (!claimed) throw new Error('not claimed');
    expect(await work.renew(claimed, 60 * second)).toBe(true);
    await sleep(80);
    expect(await work.claim('products', 'second', second)).toBeUndefined();
  });

  it('does not lose a request that comes while the import ends', async () => {
    const id = randomUUID();
    await work.enqueue(id, 'products');
    const claimed = await work.claim('products', 'first', 60 * second);
    if (!claimed) throw new Error('not claimed');
    await work.enqueue(id, 'products');
    await work.finish(claimed);
    const next = await work.claim('products', 'second', second);
    expect(next?.importId).toBe(id);
    if (next) await work.finish(next);
    expect(await work.claim('products', 'third', second)).toBeUndefined();
  });

  it('leaves an import alone for as long as it was put off, unless somebody asks', async () => {
    const id = randomUUID();
    await work.enqueue(id, 'products');
    const claimed = await work.claim('products', 'first', second);
    if (!claimed) throw new Error('not claimed');
    await work.release(claimed, 60 * second);
    expect(await work.claim('products', 'second', second)).toBeUndefined();
    await work.enqueue(id, 'products');
    expect((await work.claim('products', 'second', second))?.importId).toBe(id);
  });
});
