import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { ReadStore } from '#read-store/read-store.js';
import type { TestDatabase } from '#testing/embedded.js';
import { quiet } from '#testing/quiet.js';
import { until } from '#testing/until.js';

import { JobQueue } from './job-queue.js';
import { type Job, type JobEnd, JobRunner } from './job-runner.js';
import { jobDatabase, jobTable } from './testing/job-table.js';

let database: TestDatabase;
let store: ReadStore;
let queue: JobQueue;
let runners: JobRunner[] = [];
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
  await store.pool.query('truncate backfills.queue');
});
afterEach(async () => {
  await Promise.all(runners.map((runner) => runner.stop()));
  runners = [];
});

const started = (run: (job: Job) => Promise<JobEnd>): JobRunner => {
  const options = { leaseMs: 400, pollMs: 20 };
  const runner = new JobRunner(queue, ['long', 'short'], run, quiet, options);
  runners.push(runner);
  runner.start();
  return runner;
};

/** Lasts until its job is taken from it. */
const endless = async ({ signal }: Job): Promise<JobEnd> => {
  await sleep(600_000, undefined, { signal });
  return 'finished';
};

describe('a runner of jobs', () => {
  it('runs one job of a kind at a time, beside those of other kinds', async () => {
    const [long, next, short] = [randomUUID(), randomUUID(), randomUUID()];
    const ran: string[] = [];
    for (let processes = 0; processes < 2; processes += 1) {
      started((job) => {
        ran.push(job.id);
        return job.id === long ? endless(job) : Promise.resolve('finished');
      });
    }
    await queue.enqueue(long, 'long');
    await until('the long one runs', () => ran.includes(long));
    await queue.enqueue(next, 'long');
    await queue.enqueue(short, 'short');
    await until('the short one ran', () => ran.includes(short));
    await sleep(600);
    expect(ran).toEqual([long, short]);
  });

  it('gives its job back when it stops, and another one goes on at once', async () => {
    const id = randomUUID();
    const owners: string[] = [];
    const run = (job: Job): Promise<JobEnd> => {
      owners.push(job.owner);
      return owners.length === 1 ? endless(job) : Promise.resolve('finished');
    };
    const first = started(run);
    await queue.enqueue(id, 'long');
    await until('it runs', () => owners.length === 1);
    await first.stop();
    started(run);
    await until('another one ran it', () => owners.length === 2);
    expect(new Set(owners).size).toBe(2);
  });

  it('aborts a job whose lease is lost, and lets it do nothing more', async () => {
    const id = randomUUID();
    let job: Job | undefined;
    started((one) => {
      job ??= one;
      return endless(one);
    });
    await queue.enqueue(id, 'long');
    await until('it runs', () => job !== undefined);
    await job?.ensureHeld();
    await store.pool.query(`update backfills.queue set owner = 'another'`);
    await until('it is aborted', () => job?.signal.aborted === true);
    await expect(job?.ensureHeld()).rejects.toThrow();
  });

  it('runs a job again that was requested meanwhile, that asks for it, or that failed', async () => {
    const id = randomUUID();
    const ends: (() => Promise<JobEnd>)[] = [
      () => Promise.reject(new Error('broken')),
      () => Promise.resolve({ afterMs: 50 }),
      () => Promise.resolve('again'),
      async () => {
        await queue.enqueue(id, 'long');
        return 'finished';
      },
      () => Promise.resolve('finished'),
    ];
    started(() => ends.shift()?.() ?? Promise.reject(new Error('run once too often')));
    await queue.enqueue(id, 'long');
    await until('it failed', () => ends.length === 4);
    // A request does not wait as long as a failed job.
    await until('it ran to its end', async () => {
      await store.pool.query(
        `update backfills.queue set not_before = '-infinity' where owner is null`,
      );
      return ends.length === 0;
    });
    await until('it is off the queue', async () => {
      const { rowCount } = await store.pool.query('select from backfills.queue');
      return rowCount === 0;
    });
  });
});
