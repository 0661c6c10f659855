import { getEventListeners } from 'node:events';

import { describe, expect, it } from 'vitest';

import { pause, togetherMs, within } from './pause.js';

const never = new Promise<string>(() => undefined);
const longMs = 100_000;

describe('a pause', () => {
  it('ends when one of its signals aborts, and leaves nothing behind in the others', async () => {
    const [lasting, ending] = [new AbortController(), new AbortController()];
    const paused = pause(longMs, lasting.signal, ending.signal);
    expect(getEventListeners(lasting.signal, 'abort')).toHaveLength(1);
    ending.abort();
    await paused;
    expect(getEventListeners(lasting.signal, 'abort')).toHaveLength(0);
  });

  it('does not begin where a signal has aborted', async () => {
    await pause(longMs, new AbortController().signal, AbortSignal.abort());
  });
});

describe('work within a time', () => {
  it('gives what it resolves to, and what it rejects with', async () => {
    expect(await within(longMs, Promise.resolve('done'))).toBe('done');
    await expect(within(longMs, Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('gives nothing where it takes longer, or is given up before', async () => {
    expect(await within(5, never)).toBeUndefined();
    expect(await within(longMs, never, AbortSignal.abort())).toBeUndefined();
  });
});

describe('waits that end together', () => {
  it('last as long as they are to, half a second longer at most, and end on one grid', () => {
    for (const now of [0, 1, 499.5, 500, 1_234, 99_999]) {
      for (const ms of [1_000, 1_001, 5_000]) {
        const waited = togetherMs(ms, now);
        expect(waited).toBeGreaterThanOrEqual(ms);
        expect(waited).toBeLessThanOrEqual(ms + 500);
        expect((now + waited) % 500).toBeCloseTo(0);
      }
    }
  });

  it('are left alone where they are short', () => {
    expect(togetherMs(999, 123)).toBe(999);
  });
});
