import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { KeyedQueue } from './keyed-queue.js';

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a queue by keys', () => {
  it('runs tasks of one key in order and one at a time, and never too many at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 3 })), {
          maxLength: 60,
        }),
        fc.integer({ min: 1, max: 4 }),
        async (tasks, concurrency) => {
          const queue = new KeyedQueue({ concurrency, window: 8 });
          const done = new Map<number, number[]>();
          const busy = new Set<number>();
          let number = 0;
          for (const [key, ticks] of tasks) {
            const own = (number += 1);
            await queue.add(String(key), async () => {
              expect(busy.has(key)).toBe(false);
              busy.add(key);
              expect(busy.size).toBeLessThanOrEqual(concurrency);
              for (let i = 0; i < ticks; i += 1) await tick();
              done.set(key, [...(done.get(key) ?? []), own]);
              busy.delete(key);
            });
          }
          await queue.drained();
          expect([...done.values()].flat()).toHaveLength(tasks.length);
          for (const order of done.values())
            expect(order).toEqual([...order].sort((a, b) => a - b));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('holds back whoever adds more than the window', async () => {
    const queue = new KeyedQueue({ concurrency: 1, window: 2 });
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await queue.add('a', () => gate);
    await queue.add('b', tick);
    let isAdded = false;
    const adding = queue.add('c', tick).then(() => {
      isAdded = true;
    });
    await tick();
    expect(isAdded).toBe(false);
    release();
    await adding;
    await queue.drained();
  });

  it('stops at the first failure and drops what has not begun', async () => {
    const queue = new KeyedQueue({ concurrency: 1, window: 10 });
    let others = 0;
    await queue.add('a', async () => {
      await tick();
      throw new Error('broken');
    });
    await queue.add('b', () => {
      others += 1;
      return tick();
    });
    await expect(queue.drained()).rejects.toThrow('broken');
    await expect(queue.add('c', tick)).rejects.toThrow('broken');
    expect(others).toBe(0);
  });
});
