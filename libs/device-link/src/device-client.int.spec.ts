import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { DeviceClient } from './device-client.js';

const connack = Buffer.from([0x20, 2, 0, 0]);
const unavailable = Buffer.from([0x20, 2, 0, 3]);
const subscribe = 0x82;

/** A server, and the sockets of all connections so far; `onConnection` is told the number of each. */
const serve = async (onConnection: (socket: Socket, number: number) => void) => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    onConnection(socket, sockets.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `mqtt://127.0.0.1:${String(port)}`, sockets, close };
};

it('gives up a connection that ends while it subscribes, and leaves nothing that connects again', async () => {
  const { url, sockets, close } = await serve((socket) => {
    socket.on('data', (data) => {
      if (data[0] === subscribe) socket.destroy();
      else socket.write(connack);
    });
  });
  try {
    const connecting = DeviceClient.connect({
      ...{ url, device: 'd', secret: 's', onMessage: () => undefined },
    });
    await expect(connecting).rejects.toThrow();
    const before = sockets.length;
    await sleep(1_500);
    expect(sockets.length).toBe(before);
  } finally {
    close();
  }
}, 30_000);

it('connects again after a broker that was there again refused it for a moment', async () => {
  const { url, sockets, close } = await serve((socket, number) => {
    const answer = number === 2 ? unavailable : connack;
    socket.once('data', () => socket.write(answer));
  });
  let reconnects = 0;
  const client = await DeviceClient.connect({
    ...{ url, device: 'd', secret: 's', onReconnect: () => (reconnects += 1) },
  });
  try {
    sockets[0]?.destroy();
    await until('it is let in', () => reconnects === 1);
    expect(sockets.length).toBe(3);
  } finally {
    await client.close(true);
    close();
  }
}, 30_000);
