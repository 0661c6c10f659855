import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

import { ANY, binaryEvent } from '@eventstore/db-client';
import { expect, it } from 'vitest';

import { describeNodeOnly, ownStore } from './suite.js';
import { newStream } from './support.js';

const residentMegabytes = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
};

describeNodeOnly('a reader that does not read at all (memory: node only)', () => {
  const store = ownStore();
  const itOnLinux = existsSync('/proc/self/status') ? it : it.skip;

  itOnLinux('costs the store no memory, however much is written', async () => {
    const stuck = Array.from({ length: 10 }, () => store.connect().subscribeToAll());
    for (const subscription of stuck) subscription.on('error', () => undefined).pause();
    const write = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n += 1) {
        const data = Buffer.alloc(500_000, n);
        const event = binaryEvent({ type: 'Large', data });
        await store.client.appendToStream(newStream('large'), event, { expectedRevision: ANY });
      }
    };
    // Fills what is kept for everybody, and what the allocator keeps for itself.
    await write(80);
    const before = await residentMegabytes(store.node.pid);
    await write(100);
    const grown = (await residentMegabytes(store.node.pid)) - before;
    // 100 events are 50 MB, times ten readers.
    expect(grown).toBeLessThan(100);
    await Promise.all(stuck.map((subscription) => subscription.unsubscribe()));
  });
});
