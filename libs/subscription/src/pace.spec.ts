import { describe, expect, it } from 'vitest';

import { Pace } from './pace.js';

describe('a pace', () => {
  const never = new AbortController().signal;

  it('has all who wait go on in one moment, whoever asked for it', async () => {
    const pace = new Pace();
    const moments: number[] = [];
    const wait = (ms: number) => pace.next(ms, never).then(() => moments.push(performance.now()));
    await Promise.all([wait(30), wait(60_000)]);
    const [first = 0, second = 0] = moments;
    expect(second - first).toBeLessThan(10);
  });

  it('goes on at once when it is woken, and keeps its interval afterwards', async () => {
    const pace = new Pace();
    const waiting = pace.next(60_000, never);
    pace.wake();
    await waiting;
    const began = performance.now();
    await pace.next(30, never);
    expect(performance.now() - began).toBeGreaterThan(20);
  });

  it('lets go of one that is stopped, and of no other', async () => {
    const pace = new Pace();
    const stopping = new AbortController();
    let isOver = false;
    const other = pace.next(50, never).then(() => (isOver = true));
    const stopped = pace.next(50, stopping.signal);
    stopping.abort();
    await stopped;
    expect(isOver).toBe(false);
    await other;
  });
});
