import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ReadStore } from '#read-store/read-store.js';
import type { TestDatabase } from '#testing/embedded.js';
import { databaseFrom } from '#testing/template-database.js';

import {
  Fenced,
  moveCheckpoint,
  openCheckpoint,
  type OwnPartition,
  stopCheckpoint,
} from './checkpoints.js';
import type { Checkpoint } from './source.js';
import {
  AlreadyCarriedOut,
  createSubscription,
  moveControl,
  readSubscription,
} from './subscription-row.js';
import { prepareDatabase } from './test/harness.js';

const key = { name: 'ledger', version: 0 };
const own: OwnPartition = {
  ...{ subscription: 'ledger', scope: 'voltrace.counter.v1', partition: 0 },
  source: 'kafka',
};
const at = (offset: bigint, position: bigint): Checkpoint => ({
  nextOffset: offset,
  position: { commit: position, prepare: position },
  recordOffset: offset - 1n,
});

describe('a subscription is moved only from where it is', () => {
  let database: TestDatabase;
  let store: ReadStore;

  beforeEach(async () => {
    database = await databaseFrom({ name: 'ledger', prepare: prepareDatabase });
    store = new ReadStore(database.url);
    await createSubscription(store, key, 'consumer', { source: 'kafka', controlRevision: -1n });
  });

  afterEach(async () => {
    await store.close();
    await database.drop();
  });

  const move = (
    from: Checkpoint,
    to: Checkpoint,
    state: 'running' | 'building' = 'running',
  ): Promise<boolean> =>
    moveCheckpoint(store.pool, own, state, from, to, { count: 1, done: 1, skipped: 0 }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Fenced) return false;
        throw error;
      },
    );

  it('in a partition: by its offset, its position and its state', async () => {
    const opened = await openCheckpoint(store, own, randomUUID());
    if (!opened) throw new Error('there is no checkpoint');
    expect(await move(opened.checkpoint, at(5n, 50n), 'building')).toBe(false);
    expect(await move(opened.checkpoint, at(5n, 50n))).toBe(true);
    expect(await move(opened.checkpoint, at(5n, 50n))).toBe(false);
    expect(await move(at(4n, 50n), at(6n, 60n))).toBe(false);
    expect(await move(at(5n, 40n), at(6n, 60n))).toBe(false);
    expect(await move(at(5n, 50n), at(6n, 60n))).toBe(true);
    await store.pool.query(`update subscription.checkpoint set state = 'paused'`);
    expect(await move(at(6n, 60n), at(7n, 70n))).toBe(false);
    expect(await openCheckpoint(store, own, randomUUID())).toEqual({
      ...{ checkpoint: at(6n, 60n), state: 'paused', interrupted: true },
    });
  });

  it('to a stop: not where an operator paused it meanwhile', async () => {
    const opened = await openCheckpoint(store, own, randomUUID());
    if (!opened) throw new Error('there is no checkpoint');
    const { checkpoint } = opened;
    const stop = () => stopCheckpoint(store.pool, own, 'running', checkpoint, 'it fails');
    const setState = "update subscription.checkpoint set state = 'paused'";
    await store.pool.query(setState);
    await expect(stop()).rejects.toThrow(Fenced);
    await store.pool.query(setState.replace('paused', 'running'));
    await stop();
    expect((await openCheckpoint(store, own, randomUUID()))?.state).toBe('stopped');
  });

  it('by each control event once', async () => {
    const anchor = { position: { commit: 7n, prepare: 7n }, id: randomUUID() };
    const step = (from: bigint, to: bigint): Promise<boolean> =>
      moveControl(store.pool, key, { from, to, anchor, outcome: 'done' }).then(
        () => true,
        (error: unknown) => {
          if (error instanceof AlreadyCarriedOut) return false;
          throw error;
        },
      );
    expect(await step(0n, 1n)).toBe(false);
    expect(await step(-1n, 0n)).toBe(true);
    expect(await step(-1n, 0n)).toBe(false);
    expect(await step(0n, 1n)).toBe(true);
    expect(await readSubscription(store, key)).toMatchObject({ controlRevision: 1n });
  });
});
