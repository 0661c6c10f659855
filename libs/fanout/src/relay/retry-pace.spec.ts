import { describe, expect, it } from '@jest/globals';

import { RetryPace } from './retry-pace.js';

/** The waits before so many tries. */
const waits = (pace: RetryPace, count: number): number[] =>
  Array.from({ length: count }, () => pace.next());

const expectAround = (found: readonly number[], expected: readonly number[]): void => {
  for (const [index, ms] of expected.entries()) {
    expect(found[index]).toBeGreaterThanOrEqual(ms * 0.75);
    expect(found[index]).toBeLessThanOrEqual(ms * 1.25);
  }
};

describe('the pace of tries', () => {
  it('slows down from a tenth of a second to ten seconds', () => {
    const expected = [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000];
    expectAround(waits(new RetryPace(), expected.length), expected);
  });

  it('is the first again once something went well', () => {
    const pace = new RetryPace();
    waits(pace, 5);
    pace.wentWell();
    expect(pace.failingSince).toBe(Infinity);
    expectAround(waits(pace, 2), [100, 200]);
  });

  it('says since when nothing went well', () => {
    const pace = new RetryPace();
    const began = performance.now();
    waits(pace, 1);
    const first = performance.now();
    const since = pace.failingSince;
    waits(pace, 5);
    expect(pace.failingSince).toBe(since);
    expect(since).toBeGreaterThanOrEqual(began);
    expect(since).toBeLessThanOrEqual(first);
  });
});
