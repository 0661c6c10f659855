import { getEventListeners } from 'node:events';

import { describe, expect, it } from 'vitest';

import { pause, within } from './pause.js';

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
