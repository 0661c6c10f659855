import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { type Checkpoint } from './source.js';
import { StatusCollector, unseenSeconds } from './status.js';

const own = { scope: 'topic', partition: 0 };
const at = (nextOffset: bigint): Checkpoint => ({
  ...{ nextOffset, position: undefined, recordOffset: undefined },
});
const recorded = (secondsAgo: number): string =>
  new Date(Date.now() - secondsAgo * 1_000).toISOString();

describe('what was not seen', () => {
  let collector: StatusCollector;
  const unseen = (partition?: number) => unseenSeconds(collector.status(), 'topic', partition);

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_750_000_000_000, toFake: ['Date', 'performance'] });
    collector = new StatusCollector('one', 'consumer', 'log');
  });
  afterEach(() => vi.useRealTimers());

  it('is not known of what others follow, and is everything before an end was seen', () => {
    expect(unseen()).toBeUndefined();
    collector.moved(own, at(0n));
    expect(unseen()).toBe(Infinity);
    expect(unseen(1)).toBeUndefined();
  });

  it('grows from when the end was seen last, however it stands there', () => {
    collector.moved(own, at(7n));
    collector.ends(own, 7n);
    expect(unseen()).toBe(0);
    vi.advanceTimersByTime(30_000);
    collector.moved(own, at(7n));
    expect(unseen()).toBe(30);
    collector.ends(own, 8n);
    expect(unseen()).toBe(30);
    collector.moved(own, at(8n));
    expect(unseen()).toBe(0);
  });

  it('is what was recorded after the last event that was handled', () => {
    collector.moved(own, at(0n));
    collector.ends(own, 9n);
    collector.moved(own, at(5n), recorded(40));
    expect(unseen()).toBe(40);
  });

  it('grows by the own clock where events were recorded by one that is ahead', () => {
    collector.moved(own, at(0n));
    collector.ends(own, 9n);
    collector.moved(own, at(5n), recorded(-600));
    vi.advanceTimersByTime(20_000);
    expect(unseen()).toBe(20);
  });

  it('is the most of the partitions of a scope', () => {
    collector.moved(own, at(1n));
    collector.ends(own, 1n);
    vi.advanceTimersByTime(5_000);
    const other = { ...own, partition: 1 };
    collector.moved(other, at(1n));
    collector.ends(other, 1n);
    expect([unseen(0), unseen(1), unseen()]).toEqual([5, 0, 5]);
  });
});
