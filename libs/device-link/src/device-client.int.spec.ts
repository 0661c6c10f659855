import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { DeviceClient } from './device-client.js';

const connack = Buffer.from([0x20, 2, 0, 0]);
const unavailable = Buffer.from([0x20, 2, 0, 3]);
const subscribe = 0x82;

it('gives up a connection that ends while it subscribes, and leaves nothing that connects again', async () => {
  let connections = 0;
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    connections += 1;
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      if (data[0] === subscribe) socket.destroy();
      else socket.write(connack);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  try {
    const url = `mqtt://127.0.0.1:${String(port)}`;
    const connecting = DeviceClient.connect({
      ...{ url, device: 'd', secret: 's', onMessage: () => undefined },
    });
    await expect(connecting).rejects.toThrow();
    const before = connections;
    await sleep(1_500);
    expect(connections).toBe(before);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}, 30_000);

it('connects again after a broker that was there again refused it for a moment', async () => {
  let connections = 0;
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    connections += 1;
    sockets.push(socket);
    socket.on('error', () => undefined);
    const answer = connections === 2 ? unavailable : connack;
    socket.once('data', () => socket.write(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  let reconnects = 0;
  const url = `mqtt://127.0.0.1:${String(port)}`;
  const client = await DeviceClient.connect({
    ...{ url, device: 'd', secret: 's', onReconnect: () => (reconnects += 1) },
  });
  try {
    sockets[0]?.destroy();
    await until('it is let in', () => reconnects === 1);
    expect(connections).toBe(3);
  } finally {
    for (const socket of sockets) socket.destroy();
    await client.close(true);
    server.close();
  }
}, 30_000);
