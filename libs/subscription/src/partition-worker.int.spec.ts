import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { ReadStore } from '#read-store/read-store.js';
import type { TestDatabase } from '#testing/embedded.js';
import { databaseFrom } from '#testing/template-database.js';

import { Fenced, SourceChanged } from './checkpoints.js';
import type { Follower } from './follower.js';
import { PartitionWorker } from './partition-worker.js';
import { type Delivery, type Item, Undecodable } from './source.js';
import type { Counts } from './step.js';
import { createSubscription } from './subscription-row.js';
import { prepareDatabase } from './test/harness.js';
import { type LedgerEvent, ledgerOf, type LedgerOptions } from './test/ledger.js';

const scope = 'voltrace.counter.v1';

const follower = (
  options: LedgerOptions<LedgerEvent> = {},
  more: Partial<Follower<LedgerEvent>> = {},
): Follower<LedgerEvent> => ({
  ...{ kind: 'consumer', version: 0, lazyMs: 1_000, cure: 'reset it' },
  ...ledgerOf(options),
  scopes: () => Promise.resolve([{ name: scope, state: 'running' }]),
  read: () => undefined,
  ...more,
});

const itemAt = (offset: number, commit: number, stream = 'counter-a'): Item<LedgerEvent> => {
  const position = { commit: BigInt(commit), prepare: BigInt(commit) };
  const event = { id: randomUUID(), stream, revision: BigInt(commit), position, data: {} };
  return {
    ...{ id: event.id, key: stream, type: 'Counted', revision: event.revision, position },
    offset: BigInt(offset),
    nextOffset: BigInt(offset) + 1n,
    recordedAt: '2026-01-02T03:04:05.678Z',
    payload: event,
  };
};

/** Of partition 0, from the offset of its first item to behind its last. */
const delivering = (...items: Item<LedgerEvent>[]): Delivery<LedgerEvent> => ({
  ...{ scope, partition: 0, from: items[0]?.offset ?? 0n, items, count: items.length },
  through: { nextOffset: items.at(-1)?.nextOffset ?? 0n },
});

/** Nothing of ours, up to offset 7. */
const nothingFrom = (from: bigint): Delivery<LedgerEvent> => ({
  ...{ scope, partition: 0, from, items: [], count: 7, through: { nextOffset: 7n } },
});

describe('what follows a partition', () => {
  let database: TestDatabase;
  let store: ReadStore;
  const { signal } = new AbortController();

  beforeEach(async () => {
    database = await databaseFrom({ name: 'ledger', prepare: prepareDatabase });
    store = new ReadStore(database.url);
    const key = { name: 'ledger', version: 0 };
    await createSubscription(store, key, 'consumer', { source: 'kafka', controlRevision: -1n });
  });

  afterEach(async () => {
    await store.close();
    await database.drop();
  });

  const workerOf = (
    of: Follower<LedgerEvent> = follower(),
    counted: Counts[] = [],
  ): PartitionWorker<LedgerEvent> => {
    const listener = {
      counted: (counts: Counts) => counted.push(counts),
      failed: () => undefined,
      moved: () => undefined,
      waits: () => undefined,
      paused: () => undefined,
    };
    const { logger } = store;
    return new PartitionWorker(
      { store, follower: of, holder: randomUUID(), logger, listener },
      { subscription: 'ledger', scope, partition: 0, source: 'kafka' },
    );
  };

  const revisions = async (): Promise<number[]> => {
    const { rows } = await store.pool.query<{ revision: string }>(
      'select revision from ledger.entry order by id',
    );
    return rows.map(({ revision }) => Number(revision));
  };

  /** A ledger that notes how many events it gets at once. */
  const noting = (sizes: number[]): Follower<LedgerEvent> =>
    follower({
      after: (events) => {
        sizes.push(events.length);
        return Promise.resolve();
      },
    });

  it('handles nothing of what it read before somebody else moved the checkpoint', async () => {
    const first = delivering(itemAt(0, 10), itemAt(1, 11));
    const second = delivering(itemAt(2, 12));
    const [stale, other] = [workerOf(), workerOf()];
    await stale.open(signal);
    await other.open(signal);
    expect(await other.take(first, signal)).toMatchObject({ nextOffset: 2n });
    // It was not notified: what it writes is fenced, and it learns where the checkpoint is.
    expect(await stale.take(first, signal)).toMatchObject({ nextOffset: 2n, recordOffset: 1n });
    expect(await stale.take(second, signal)).toMatchObject({ nextOffset: 3n });
    expect(await other.take(second, signal)).toMatchObject({ nextOffset: 3n });
    expect(await revisions()).toEqual([10, 11, 12]);
  });

  it('takes no delivery that begins behind a gap', async () => {
    const worker = workerOf();
    expect(await worker.take(delivering(itemAt(5, 10)), signal)).toMatchObject({ nextOffset: 0n });
    expect(await revisions()).toEqual([]);
  });

  it('passes over what lies at or before the last position, whatever its offset', async () => {
    const counted: Counts[] = [];
    const worker = workerOf(follower(), counted);
    await worker.take(delivering(itemAt(0, 10), itemAt(1, 12)), signal);
    const late = delivering(itemAt(2, 11), itemAt(3, 12), itemAt(4, 13));
    expect(await worker.take(late, signal)).toMatchObject({ nextOffset: 5n, recordOffset: 4n });
    expect(await revisions()).toEqual([10, 12, 13]);
    expect(counted).toEqual([
      { done: 2, skipped: 0, parked: 0 },
      { done: 1, skipped: 2, parked: 0 },
    ]);
  });

  it('hands over at most a thousand events at once', async () => {
    const sizes: number[] = [];
    const items = Array.from({ length: 2_500 }, (_, index) => itemAt(index, index));
    // Where a step takes long, the next one is smaller: none takes any time by this clock.
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
    try {
      await workerOf(noting(sizes)).take(delivering(...items), signal);
    } finally {
      clock.mockRestore();
    }
    expect(sizes).toEqual([1_000, 1_000, 500]);
    expect(await revisions()).toHaveLength(2_500);
  });

  it('writes down how far it passed when it is released', async () => {
    const worker = workerOf();
    await worker.take(delivering(itemAt(0, 10)), signal);
    expect(await worker.take(nothingFrom(1n), signal)).toMatchObject({ nextOffset: 7n });
    await worker.release();
    const { rows } = await store.pool.query(
      'select next_offset, holder from subscription.checkpoint',
    );
    expect(rows).toEqual([{ next_offset: '7', holder: null }]);
  });

  it('isolates events where the one before it did not release the partition', async () => {
    await workerOf().open(signal);
    const sizes: number[] = [];
    const worker = workerOf(noting(sizes));
    await worker.take(delivering(itemAt(0, 10), itemAt(1, 11)), signal);
    await worker.take(delivering(itemAt(2, 12), itemAt(3, 13)), signal);
    expect(sizes).toEqual([1, 1, 2]);
  });

  it('ends where the subscription was reset to another source', async () => {
    const worker = workerOf();
    await worker.take(delivering(itemAt(0, 10)), signal);
    await store.pool.query(`update subscription.subscription set source = 'log'`);
    await store.pool.query('delete from subscription.checkpoint');
    await expect(worker.take(delivering(itemAt(1, 11)), signal)).rejects.toThrow(SourceChanged);
    expect(await revisions()).toEqual([10]);
  });

  it('counts no attempt for what is transient to the follower, however often it fails', async () => {
    class Contended extends Error {}
    let left = 6;
    const contended = follower(
      {
        before: () => {
          left -= 1;
          if (left >= 0) throw new Contended('others write to the stream');
        },
      },
      { isTransient: (error) => error instanceof Contended },
    );
    await workerOf().open(signal);
    await workerOf(contended).take(delivering(itemAt(0, 10)), signal);
    expect(await revisions()).toEqual([10]);
  });

  it('handles nothing that it has not acted on where a retry lets events through meanwhile', async () => {
    const acted: number[][] = [];
    const acting = follower(
      {},
      {
        act: async (events) => {
          acted.push(events.map(({ revision }) => Number(revision)));
          // As a retry does it that has handled them.
          await store.pool.query('delete from subscription.parked');
        },
      },
    );
    const worker = workerOf(acting);
    const first = itemAt(0, 10);
    await worker.take(delivering(first), signal);
    await store.pool.query(
      `insert into subscription.parked (subscription, scope, event_id, key, type, record_offset, attempts)
       values ('ledger', $1, $2, 'counter-a', 'Counted', 0, 5)`,
      [scope, first.id],
    );
    const both = delivering(itemAt(1, 11), itemAt(2, 12, 'counter-b'));
    expect(await worker.take(both, signal)).toMatchObject({ nextOffset: 1n });
    expect(await worker.take(both, signal)).toMatchObject({ nextOffset: 3n });
    expect(acted).toEqual([[10], [12], [11, 12]]);
    expect(await revisions()).toEqual([10, 11, 12]);
  });

  it('passes over a discarded record that is undecodable', async () => {
    const no = { position: undefined, type: null, revision: null, payload: new Undecodable('no') };
    const [discarded, other] = [0, 1].map((offset) => ({ ...itemAt(offset, offset), ...no }));
    if (!discarded || !other) throw new Error('no records');
    await store.pool.query(
      `insert into subscription.discarded values ('ledger', $1, 'junk', 'me')`,
      [discarded.id],
    );
    await workerOf().take(delivering(discarded, other), signal);
    const { rows } = await store.pool.query('select event_id from subscription.parked');
    expect(rows).toEqual([{ event_id: other.id }]);
  });

  it('counts what it passed over once, however often that cannot be written down', async () => {
    const worker = workerOf(follower({}, { lazyMs: 0 }));
    await worker.open(signal);
    await store.pool.query('alter table subscription.checkpoint rename to away');
    const taken = worker.take(nothingFrom(0n), signal);
    await sleep(700);
    await store.pool.query('alter table subscription.away rename to checkpoint');
    expect(await taken).toMatchObject({ nextOffset: 7n });
    const { rows } = await store.pool.query('select events from subscription.checkpoint');
    expect(rows).toEqual([{ events: '7' }]);
  });

  it('fails once to write down what it passed over where somebody else moved the checkpoint', async () => {
    const worker = workerOf();
    await worker.take(delivering(itemAt(0, 10)), signal);
    await worker.take(nothingFrom(1n), signal);
    await store.pool.query('update subscription.checkpoint set next_offset = 9');
    await expect(worker.persist()).rejects.toThrow(Fenced);
    await worker.persist();
    expect(await worker.take(delivering(itemAt(9, 11)), signal)).toMatchObject({ nextOffset: 10n });
  });

  it('parks an event whose handler lets its transaction stand idle', async () => {
    // The server ends it after ten seconds; here somebody else does, and the clock is put forward.
    const idle = follower(
      {},
      {
        handle: async (_, client) => {
          const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
          await store.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
          clock.ahead += 10_000;
          await client.query('select 1');
        },
      },
    );
    const clock = forwardable();
    try {
      const counted: Counts[] = [];
      await workerOf(idle, counted).take(delivering(itemAt(0, 10)), signal);
      expect(counted).toEqual([{ done: 0, skipped: 0, parked: 1 }]);
      const { rows } = await store.pool.query('select error from subscription.parked');
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
