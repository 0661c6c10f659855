import { randomInt } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';

import { describe, expect, it } from 'vitest';

import { freePort } from './free-port.js';

/** Chooses this port first. */
const anyAfter = (port: number): (() => number) => {
  const choices = [port];
  return () => choices.shift() ?? randomInt(20_000, 30_000);
};

describe('a free port', () => {
  it('is given to one of those who ask, though nobody listens there yet', async () => {
    const first = await freePort();
    expect(await freePort([], anyAfter(first))).not.toBe(first);
  });

  it('is not one where somebody listens', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      expect(await freePort([], anyAfter(port))).not.toBe(port);
    } finally {
      server.close();
    }
  });
});
