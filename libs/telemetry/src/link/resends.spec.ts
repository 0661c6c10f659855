import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { Resends } from './resends.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('asks no more once it is stopped, also where a device is being asked just then', async () => {
  let asked = 0;
  const resends = new Resends({
    missed: () => Promise.resolve([{ session: 's', from: 1, to: 1, asked: 1 }]),
    ask: () => {
      asked += 1;
      resends.stop();
      return Promise.resolve();
    },
    pausesMs: [10],
  });
  resends.schedule('one');
  await vi.advanceTimersByTimeAsync(100);
  expect(asked).toBe(1);
  resends.schedule('other');
  await vi.advanceTimersByTimeAsync(100);
  expect(asked).toBe(1);
});
