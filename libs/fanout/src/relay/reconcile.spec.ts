import { describe, expect, it } from 'vitest';

import type { Position } from '#event-log/event-log.js';

import type { Partition } from '../cluster/topics.js';
import type { RelayPosition, TopicPosition } from './position-record.js';
import { reconcile, type Recorded } from './reconcile.js';
import { counterContract } from './test/counter-contract.js';

const { topic } = counterContract;
const at = (commit: bigint): Position => ({ commit, prepare: commit });
const ends = (...highs: bigint[]): Partition[] =>
  highs.map((high, partition) => ({ partition, high, low: 0n, leader: 1 }));
const next = (...offsets: bigint[]) => new Map(offsets.map((offset, index) => [index, offset]));
const known = (entry: TopicPosition): RelayPosition => ({
  topics: new Map([[topic, entry]]),
  control: 4n,
});

const recorded = (more: Partial<Recorded>): Recorded => ({
  contracts: [counterContract],
  found: null,
  partitions: new Map(),
  resets: [],
  control: 4n,
  create: () => Promise.resolve(ends(0n, 0n, 0n)),
  lastFacts: () => Promise.reject(new Error('nobody asked for that')),
  ...more,
});

const there = (...highs: bigint[]) => new Map([[topic, ends(...highs)]]);
const entryOf = async (more: Partial<Recorded>): Promise<TopicPosition | undefined> =>
  (await reconcile(recorded(more))).position.topics.get(topic);

describe('where the relay goes on', () => {
  it('is the beginning, for a topic that is missing or empty and of which nothing is known', async () => {
    const beginning = { position: null, next: new Map() };
    expect(await entryOf({})).toEqual(beginning);
    expect(await entryOf({ partitions: there(0n, 0n, 0n) })).toEqual(beginning);
    const reconciled = await reconcile(recorded({}));
    expect(reconciled).toMatchObject({ isNews: true, position: { control: 4n } });
  });

  it('is the position, where every partition ends where it was left, or further', async () => {
    const entry = { position: at(9n), next: next(5n, 0n, 7n) };
    const reconciled = await reconcile(
      recorded({ found: known(entry), partitions: there(6n, 0n, 7n) }),
    );
    expect(reconciled.position.topics.get(topic)).toEqual({ ...entry, next: next(6n, 0n, 7n) });
    expect(reconciled.isNews).toBe(false);
  });

  it('is nowhere, where a partition ends before that', async () => {
    const found = known({ position: at(9n), next: next(5n, 0n, 7n) });
    const lost = entryOf({ found, partitions: there(5n, 0n, 6n) });
    await expect(lost).rejects.toThrow(
      'its partition 2 ends at 6, and records were written up to 7',
    );
  });

  it('is nowhere, where the topic is gone that had records', async () => {
    const gone = entryOf({ found: known({ position: at(9n), next: next(5n) }) });
    await expect(gone).rejects.toThrow('is gone');
  });

  it('is the position, where the topic is gone that never had a record', async () => {
    const entry = { position: at(9n), next: next(0n, 0n, 0n) };
    expect(await entryOf({ found: known(entry) })).toEqual(entry);
  });

  it('is nowhere, where records are there and no position', async () => {
    await expect(entryOf({ partitions: there(0n, 3n, 0n) })).rejects.toThrow('has records');
    const others = { topics: new Map(), control: 4n };
    const added = entryOf({ found: others, partitions: there(0n, 3n, 0n) });
    await expect(added).rejects.toThrow('has records');
  });

  it('is nowhere, where the partitions are others than the contract says', async () => {
    const found = known({ position: at(9n), next: next(5n, 0n, 7n) });
    const more = entryOf({ found, partitions: there(5n, 0n, 7n, 0n) });
    await expect(more).rejects.toThrow('has 4 partitions, and its contract says 3');
  });

  it('is after what each partition holds, when an operator wants the topic reset', async () => {
    const last = new Map([[1, at(7n)]]);
    const reset = {
      found: known({ position: at(9n), next: next(5n, 5n, 5n) }),
      partitions: there(0n, 3n, 0n),
      resets: [topic],
      lastFacts: () => Promise.resolve(last),
    };
    expect(await entryOf(reset)).toEqual({
      position: null,
      next: next(0n, 3n, 0n),
      lastFacts: last,
    });
    const reconciled = await reconcile(recorded({ ...reset, control: 6n }));
    expect(reconciled).toMatchObject({ isNews: true, position: { control: 6n } });
  });

  it('is after the old position, in a partition that is whole and was emptied by its retention', async () => {
    const reset = {
      found: known({ position: at(9n), next: next(5n, 6n, 5n) }),
      partitions: there(5n, 4n, 0n),
      resets: [topic],
      lastFacts: () => Promise.resolve(new Map([[1, at(7n)]])),
    };
    const last = new Map([
      [1, at(7n)],
      [0, at(9n)],
    ]);
    expect(await entryOf(reset)).toEqual({
      position: null,
      next: next(5n, 4n, 0n),
      lastFacts: last,
    });
  });

  it('is the same, where the operator asks again before the first reset is done', async () => {
    const last = new Map([[0, at(9n)]]);
    const again = async (position: Position | null): Promise<TopicPosition['lastFacts']> => {
      const found = known({ position, next: next(5n, 0n, 0n), lastFacts: last });
      const partitions = there(5n, 0n, 0n);
      const none = () => Promise.resolve(new Map<number, Position>());
      return (await entryOf({ found, partitions, resets: [topic], lastFacts: none }))?.lastFacts;
    };
    expect(await again(null)).toEqual(last);
    expect(await again(at(3n))).toEqual(last);
    expect(await again(at(11n))).toEqual(new Map([[0, at(11n)]]));
  });

  it('keeps what it knows of topics that this version does not publish', async () => {
    const other = { position: at(3n), next: next(2n) };
    const found = { topics: new Map([['voltrace.other.v1', other]]), control: 4n };
    const { position } = await reconcile(recorded({ found }));
    expect(position.topics.get('voltrace.other.v1')).toEqual(other);
  });
});
