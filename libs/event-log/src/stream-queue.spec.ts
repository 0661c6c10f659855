import { setImmediate as turn } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { StreamQueue } from './stream-queue.js';

const open = () => {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { release, work: () => released };
};

describe('the queue of a stream', () => {
  it('runs one command at a time, in the order of arrival, also after one fails', async () => {
    const queue = new StreamQueue();
    const order: string[] = [];
    const job = (name: string) =>
      queue.run('a', async () => {
        order.push(`${name} begins`);
        await turn();
        order.push(`${name} ends`);
        if (name === '1') throw new Error('failed');
      });
    const results = await Promise.allSettled(['1', '2', '3'].map(job));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(order).toEqual(['1', '2', '3'].flatMap((name) => [`${name} begins`, `${name} ends`]));
  });

  it('holds no other stream up', async () => {
    const queue = new StreamQueue();
    const { release, work } = open();
    const held = queue.run('a', work);
    await expect(queue.run('b', async () => Promise.resolve('done'))).resolves.toBe('done');
    release();
    await held;
  });

  it('refuses with STREAM_BUSY what exceeds its length, and what has waited too long', async () => {
    const queue = new StreamQueue({ maxWaiting: 1, maxWaitMs: 20 });
    const { release, work } = open();
    const held = queue.run('a', work);
    const waiting = queue.run('a', work);
    const busy = { code: 'STREAM_BUSY', kind: 'unavailable', details: { retryAfterSeconds: 1 } };
    await expect(queue.run('a', work)).rejects.toMatchObject(busy);
    await expect(waiting).rejects.toMatchObject(busy);
    release();
    await held;
    await expect(queue.run('a', async () => Promise.resolve('free'))).resolves.toBe('free');
  });
});
