import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { ReadStore } from '#read-store/read-store.js';
import type { TestDatabase } from '#testing/embedded.js';
import { databaseFrom } from '#testing/template-database.js';

import { tallyTopic } from '../contract-suite/tally-contract.js';
import { prepareDatabase } from '../contract-suite/world.js';
import type { Place } from '../transport/transport.js';
import { createConsumer, moveControl, readConsumer } from './consumer-row.js';
import { movePlace, openPlace, type OwnPartition } from './places.js';

const own: OwnPartition = {
  ...{ consumer: 'ledger', topic: tallyTopic, partition: 0 },
  transport: 'kafka',
};
const at = (offset: bigint, position: bigint): Place => ({
  nextOffset: offset,
  position: { commit: position, prepare: position },
  factOffset: offset - 1n,
});

describe('a consumer is moved only from where it stands', () => {
  let database: TestDatabase;
  let store: ReadStore;

  beforeEach(async () => {
    database = await databaseFrom({ name: 'fanout-consumers', prepare: prepareDatabase });
    store = new ReadStore(database.url);
    await createConsumer(store, 'ledger', { transport: 'kafka', controlRevision: -1n });
  });

  afterEach(async () => {
    await store.close();
    await database.drop();
  });

  const move = async (from: Place, to: Place): Promise<boolean> =>
    (await movePlace(store.pool, own, from, to, { done: 1, skipped: 0 })) !== undefined;

  it('in a partition: by its offset and by its position', async () => {
    const { place } = await openPlace(store, own, '00000000-0000-4000-8000-000000000001');
    expect(await move(place, at(5n, 50n))).toBe(true);
    expect(await move(place, at(5n, 50n))).toBe(false);
    expect(await move(at(4n, 50n), at(6n, 60n))).toBe(false);
    expect(await move(at(5n, 40n), at(6n, 60n))).toBe(false);
    expect(await move(at(5n, 50n), at(6n, 60n))).toBe(true);
    expect((await openPlace(store, own, '00000000-0000-4000-8000-000000000002')).place).toEqual(
      at(6n, 60n),
    );
  });

  it('by each control event once', async () => {
    const anchor = { position: { commit: 7n, prepare: 7n }, id: randomUUID() };
    const step = (from: bigint, to: bigint): Promise<boolean> =>
      moveControl(store.pool, 'ledger', { from, to, anchor, outcome: 'done' });
    expect(await step(0n, 1n)).toBe(false);
    expect(await step(-1n, 0n)).toBe(true);
    expect(await step(-1n, 0n)).toBe(false);
    expect(await step(0n, 1n)).toBe(true);
    expect(await readConsumer(store, 'ledger')).toMatchObject({ controlRevision: 1n });
  });
});
