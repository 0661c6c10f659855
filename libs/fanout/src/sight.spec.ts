import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Position, StoredEvent } from '#event-log/event-log.js';
import { timeOfDay } from '#kernel/wall-clock.js';
import { EventStory } from '#testing/event-story.js';

import { Partitioner } from './cluster/partitioner.js';
import { counterContract } from './relay/test/counter-contract.js';
import { Sight } from './sight.js';

const { topic } = counterContract;
const key = 'counter-a';
const partition = new Partitioner().partitionOf(counterContract, key);
/** One that lies elsewhere. */
const otherKey = ['counter-b', 'counter-c', 'counter-d', 'counter-e'].find(
  (one) => new Partitioner().partitionOf(counterContract, one) !== partition,
)!;

describe('how far a process is behind the log', () => {
  const { events } = new EventStory()
    .add(key, { type: 'Counted', data: { by: 1 } })
    .add(key, { type: 'CounterNamed', data: { name: 'private' } })
    .add(otherKey, { type: 'Counted', data: { by: 1 } })
    .add(key, { type: 'Counted', data: { by: 1 } });
  const at = (index: number): Position => events[index]!.position;
  let listener: (event: StoredEvent) => void;
  let tailAt: number;
  let sight: Sight;
  const take = (index: number): void => {
    listener(events[index]!);
  };
  const unseen = (position: Position | undefined, unseenSeconds = 0, of = key) => {
    const own = { scope: topic, partition, nextOffset: 0n, position, end: 0n, lagSeconds: 0 };
    return sight.of({ partitions: [{ ...own, unseenSeconds }] })(topic, of);
  };

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_750_000_000_000, toFake: ['Date', 'performance'] });
    tailAt = performance.now();
    const status = { connected: true, position: undefined, unansweredMs: 0, failure: undefined };
    const tail = {
      status: () => ({ ...status, lastProgressAt: timeOfDay(tailAt) }),
      onEvent: (listen: typeof listener) => {
        listener = listen;
        return () => undefined;
      },
    };
    sight = new Sight('kafka', [counterContract], [topic], tail);
    sight.start();
  });
  afterEach(() => vi.useRealTimers());

  const pass = (seconds: number): void => {
    vi.advanceTimersByTime(seconds * 1_000);
    tailAt = performance.now();
  };

  it('is not known of what others follow', () => {
    expect(unseen(undefined, 0, otherKey)).toBeUndefined();
    expect(unseen(undefined)).toBe(0);
  });

  it('is what the subscription says, or the log where it was not heard of', () => {
    expect(unseen(undefined, 7)).toBe(7);
    vi.advanceTimersByTime(30_000);
    expect(unseen(undefined, 7)).toBe(30);
  });

  it('is what the log took and Kafka has not brought, though all of Kafka was read', () => {
    take(0);
    pass(40);
    expect(unseen(undefined)).toBe(40);
    take(3);
    pass(2);
    expect(unseen(at(0))).toBe(2);
    expect(unseen(at(3))).toBe(0);
  });

  it('grows neither by what is not published nor by what lies on another partition', () => {
    take(1);
    take(2);
    pass(40);
    expect(unseen(undefined)).toBe(0);
  });

  it('does not grow while events come and are brought', () => {
    const story = new EventStory();
    for (let n = 0; n < 5_000; n += 1) {
      const all = story.add(key, { type: 'Counted', data: { by: 1 } }).events;
      listener(all[n]!);
      pass(0.1);
      if (n >= 10) expect(unseen(all[n - 10]!.position)).toBeLessThan(2);
    }
  });
});
