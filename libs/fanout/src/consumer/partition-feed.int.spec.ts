import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { ReadStore } from '#read-store/read-store.js';
import type { TestDatabase } from '#testing/embedded.js';
import { databaseFrom } from '#testing/template-database.js';

import { toRecord } from '../cloud-event.js';
import type { Consumer } from '../consumer.js';
import { ledger } from '../contract-suite/ledger.js';
import { tallyTopic } from '../contract-suite/tally-contract.js';
import { prepareDatabase } from '../contract-suite/world.js';
import type { Fact } from '../fact.js';
import type { Delivery, Incoming } from '../transport/transport.js';
import { createConsumer } from './consumer-row.js';
import type { FactCounts } from './handle-step.js';
import { PartitionFeed } from './partition-feed.js';
import { TransportChanged } from './places.js';

const factAt = (position: number, stream = 'tally-a'): Fact => ({
  id: randomUUID(),
  type: 'voltrace.tally.Counted.v1',
  stream,
  revision: BigInt(position),
  position: { commit: BigInt(position), prepare: BigInt(position) },
  occurredAt: '2026-01-02T03:04:05.678Z',
  recordedAt: '2026-01-02T03:04:05.678Z',
  correlationId: 'correlation-1',
  causationId: 'causation-1',
  data: { value: 1 },
});

const recordAt = (offset: number, position: number, stream?: string): Incoming => {
  const content = factAt(position, stream);
  return {
    offset: BigInt(offset),
    nextOffset: BigInt(offset) + 1n,
    content,
    record: () => {
      const { key, value, headers } = toRecord(content);
      return { key: Buffer.from(key), value, headers: { ...headers } };
    },
  };
};

/** Of partition 0, from the offset of its first record to behind its last. */
const delivering = (...records: Incoming[]): Delivery => ({
  topic: tallyTopic,
  partition: 0,
  from: records[0]?.offset ?? 0n,
  records,
  through: { nextOffset: records.at(-1)?.nextOffset ?? 0n },
});

describe('what reads a partition', () => {
  let database: TestDatabase;
  let store: ReadStore;
  const { signal } = new AbortController();

  beforeEach(async () => {
    database = await databaseFrom({ name: 'fanout-consumers', prepare: prepareDatabase });
    store = new ReadStore(database.url);
    await createConsumer(store, 'ledger', { transport: 'kafka', controlRevision: -1n });
  });

  afterEach(async () => {
    await store.close();
    await database.drop();
  });

  const feedOf = (consumer: Consumer = ledger(), counted: FactCounts[] = []): PartitionFeed => {
    const told = {
      counted: (counts: FactCounts) => counted.push(counts),
      failed: () => undefined,
      stands: () => undefined,
      waits: () => undefined,
    };
    return new PartitionFeed(
      { store, consumer, holder: randomUUID(), logger: store.logger, told },
      { consumer: 'ledger', topic: tallyTopic, partition: 0, transport: 'kafka' },
    );
  };

  const revisions = async (): Promise<number[]> => {
    const { rows } = await store.pool.query<{ revision: string }>(
      'select revision from ledger.entry order by id',
    );
    return rows.map(({ revision }) => Number(revision));
  };

  it('handles nothing of what it read before somebody else moved the consumer', async () => {
    const first = delivering(recordAt(0, 10), recordAt(1, 11));
    const second = delivering(recordAt(2, 12));
    const [stale, other] = [feedOf(), feedOf()];
    await stale.open(signal);
    await other.open(signal);
    expect(await other.take(first, signal)).toMatchObject({ nextOffset: 2n });
    // It did not hear of that: what it writes is refused, and it is told where the consumer stands.
    expect(await stale.take(first, signal)).toMatchObject({ nextOffset: 2n, factOffset: 1n });
    expect(await stale.take(second, signal)).toMatchObject({ nextOffset: 3n });
    expect(await other.take(second, signal)).toMatchObject({ nextOffset: 3n });
    expect(await revisions()).toEqual([10, 11, 12]);
  });

  it('takes no delivery that begins behind a gap', async () => {
    const feed = feedOf();
    expect(await feed.take(delivering(recordAt(5, 10)), signal)).toMatchObject({ nextOffset: 0n });
    expect(await revisions()).toEqual([]);
  });

  it('passes over what lies at or before the last position, wherever it stands', async () => {
    const counted: FactCounts[] = [];
    const feed = feedOf(ledger(), counted);
    await feed.take(delivering(recordAt(0, 10), recordAt(1, 12)), signal);
    const late = delivering(recordAt(2, 11), recordAt(3, 12), recordAt(4, 13));
    expect(await feed.take(late, signal)).toMatchObject({ nextOffset: 5n, factOffset: 4n });
    expect(await revisions()).toEqual([10, 12, 13]);
    expect(counted).toEqual([
      { done: 2, skipped: 0, dead: 0 },
      { done: 1, skipped: 2, dead: 0 },
    ]);
  });

  it('hands over at most a thousand facts at once', async () => {
    const sizes: number[] = [];
    const consumer = ledger({
      after: (facts) => {
        sizes.push(facts.length);
        return Promise.resolve();
      },
    });
    const records = Array.from({ length: 2_500 }, (_, index) => recordAt(index, index));
    // Where a step takes long, the next one is smaller: none takes any time by this clock.
    const clock = jest.spyOn(performance, 'now').mockReturnValue(0);
    try {
      await feedOf(consumer).take(delivering(...records), signal);
    } finally {
      clock.mockRestore();
    }
    expect(sizes).toEqual([1_000, 1_000, 500]);
    expect(await revisions()).toHaveLength(2_500);
  });

  it('writes down how far it passed when it is put down', async () => {
    const feed = feedOf();
    await feed.take(delivering(recordAt(0, 10)), signal);
    const through = { nextOffset: 7n };
    const nothing = { topic: tallyTopic, partition: 0, from: 1n, records: [], through };
    expect(await feed.take(nothing, signal)).toMatchObject({ nextOffset: 7n });
    await feed.putDown();
    const { rows } = await store.pool.query(
      'select next_offset, holder from fanout.consumer_offset',
    );
    expect(rows).toEqual([{ next_offset: '7', holder: null }]);
  });

  it('goes fact by fact where the one before it did not put the partition down', async () => {
    await feedOf().open(signal);
    const sizes: number[] = [];
    const consumer = ledger({
      after: (facts) => {
        sizes.push(facts.length);
        return Promise.resolve();
      },
    });
    const feed = feedOf(consumer);
    await feed.take(delivering(recordAt(0, 10), recordAt(1, 11)), signal);
    await feed.take(delivering(recordAt(2, 12), recordAt(3, 13)), signal);
    expect(sizes).toEqual([1, 1, 2]);
  });

  it('ends where the consumer was reset to another transport', async () => {
    const feed = feedOf();
    await feed.take(delivering(recordAt(0, 10)), signal);
    await store.pool.query(`update fanout.consumer set transport = 'log'`);
    await store.pool.query('delete from fanout.consumer_offset');
    await expect(feed.take(delivering(recordAt(1, 11)), signal)).rejects.toThrow(TransportChanged);
    expect(await revisions()).toEqual([10]);
  });

  it('lays a fact aside whose handler lets its transaction stand idle', async () => {
    // The server ends it after ten seconds; here somebody else does, and the clock is put forward.
    const consumer: Consumer = {
      ...ledger(),
      handle: async (_, client) => {
        const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
        await store.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
        clock.ahead += 10_000;
        await client.query('select 1');
      },
    };
    const clock = forwardable();
    try {
      const counted: FactCounts[] = [];
      await feedOf(consumer, counted).take(delivering(recordAt(0, 10)), signal);
      expect(counted).toEqual([{ done: 0, skipped: 0, dead: 1 }]);
      const { rows } = await store.pool.query('select error from fanout.dead_letter');
      expect(rows).toEqual([{ error: expect.stringMatching(/^HandlerTooSlow: /) }]);
    } finally {
      clock.restore();
    }
  });
});

/** `performance.now` with a lead that can be raised. */
const forwardable = (): { ahead: number; restore: () => void } => {
  const now = performance.now.bind(performance);
  const clock = {
    ahead: 0,
    restore: () => {
      performance.now = now;
    },
  };
  performance.now = () => now() + clock.ahead;
  return clock;
};
