import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { ReadStore } from '#read-store/read-store.js';
import type { TestDatabase } from '#testing/embedded.js';

import { JobQueue } from './job-queue.js';
import { jobDatabase, jobTable } from './testing/job-table.js';

let database: TestDatabase;
let store: ReadStore;
let queue: JobQueue;
beforeAll(async () => {
  database = await jobDatabase();
  store = new ReadStore(database.url);
  queue = new JobQueue(store.pool, jobTable);
});
afterAll(async () => {
  await store.close();
  await database.drop();
});
beforeEach(async () => {
  await store.pool.query('truncate backfills.queue, backfills.requested');
});

const second = 1_000;

describe('a queue of jobs', () => {
  it('gives a job to one process', async () => {
    const id = randomUUID();
    await queue.enqueue(id, 'long');
    const claims = await Promise.all(
      Array.from({ length: 12 }, (_, n) => queue.claim('long', `p${String(n)}`, 60 * second)),
    );
    expect(claims.flatMap((claim) => (claim ? [claim.id] : []))).toEqual([id]);
  });

  it('gives away one job of a kind at a time, the one that waits longest first', async () => {
    const ids = Array.from({ length: 4 }, () => randomUUID());
    for (const id of ids) await queue.enqueue(id, 'long');
    const other = randomUUID();
    await queue.enqueue(other, 'short');
    for (const id of ids) {
      const claims = await Promise.all(
        Array.from({ length: 8 }, (_, n) => queue.claim('long', `p${String(n)}`, 60 * second)),
      );
      const found = claims.filter((claim) => claim !== undefined);
      expect(found.map(({ id }) => id)).toEqual([id]);
      // Whatever waits or runs of another kind.
      expect((await queue.claim('short', 'another', 60 * second))?.id).toBe(
        id === ids[0] ? other : undefined,
      );
      if (found[0]) await queue.finish(found[0]);
    }
  });

  it('gives away none that waits behind one that is being claimed', async () => {
    const ids = Array.from({ length: 2 }, () => randomUUID());
    for (const id of ids) await queue.enqueue(id, 'long');
    await store.transaction(async (claiming) => {
      await claiming.query('select from backfills.queue where site_id = $1 for update', [ids[0]]);
      expect(await queue.claim('long', 'another', second)).toBeUndefined();
    });
    expect((await queue.claim('long', 'another', second))?.id).toBe(ids[0]);
  });

  it('gives it to another one when its lease is not renewed', async () => {
    const id = randomUUID();
    await queue.enqueue(id, 'long');
    const first = await queue.claim('long', 'first', 60 * second);
    if (!first) throw new Error('not claimed');
    expect(await queue.claim('long', 'second', second)).toBeUndefined();
    await queue.renew(first, 50);
    await sleep(80);
    expect((await queue.claim('long', 'second', 60 * second))?.id).toBe(id);
    expect(await queue.renew(first, second)).toBe(false);
  });

  it('keeps it from others when it was renewed', async () => {
    await queue.enqueue(randomUUID(), 'long');
    const claimed = await queue.claim('long', 'first', 50);
    if (!claimed) throw new Error('not claimed');
    expect(await queue.renew(claimed, 60 * second)).toBe(true);
    await sleep(80);
    expect(await queue.claim('long', 'second', second)).toBeUndefined();
  });

  it('does not lose a request that comes while the job ends', async () => {
    const id = randomUUID();
    await queue.enqueue(id, 'long');
    const claimed = await queue.claim('long', 'first', 60 * second);
    if (!claimed) throw new Error('not claimed');
    await queue.enqueue(id, 'long');
    await queue.finish(claimed);
    const next = await queue.claim('long', 'second', second);
    expect(next?.id).toBe(id);
    if (next) await queue.finish(next);
    expect(await queue.claim('long', 'third', second)).toBeUndefined();
  });

  it('leaves a job alone for as long as it was put off, unless somebody requests it', async () => {
    const id = randomUUID();
    await queue.enqueue(id, 'long');
    const claimed = await queue.claim('long', 'first', second);
    if (!claimed) throw new Error('not claimed');
    await queue.release(claimed, 60 * second);
    expect(await queue.claim('long', 'second', second)).toBeUndefined();
    await queue.enqueue(id, 'long');
    expect((await queue.claim('long', 'second', second))?.id).toBe(id);
  });

  it('is filled again with what is not done', async () => {
    const [lost, listed] = [randomUUID(), randomUUID()];
    await queue.enqueue(listed, 'long');
    const claimed = await queue.claim('long', 'first', 60 * second);
    await store.pool.query(
      `insert into backfills.requested values ($1, 'short', 'open'), ($2, 'long', 'open'), ($3, 'long', 'done')`,
      [lost, listed, randomUUID()],
    );
    await queue.repair();
    expect((await queue.claim('short', 'second', second))?.id).toBe(lost);
    expect(await queue.claim('long', 'second', second)).toBeUndefined();
    if (claimed) await queue.finish(claimed);
    expect(await queue.claim('long', 'second', second)).toBeUndefined();
  });
});
