import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';

import { AuthenticatedClient } from './authenticated-client.js';

const password = 'secret-of-the-role';
const closing: (() => unknown)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const message = (type: string, ...parts: (Buffer | number)[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'number' ? int(part) : part)));
  return Buffer.concat([Buffer.from(type), int(body.length + 4), body]);
};

const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

const text = (value: string): Buffer => Buffer.from(value);
const accepted = message('R', 0);
const ready = message('Z', text('I'));
const salt = text('salt');
const scramOffered = message('R', 10, text('SCRAM-SHA-256\0\0'));

/** Somebody who took the port: says each of `answers` when the client has sent something. */
const impostor = async (...answers: Buffer[]) => {
  const received: Buffer[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    let turn = 0;
    socket.on('data', (bytes) => {
      received.push(bytes);
      const answer = answers[turn];
      turn += 1;
      if (answer) socket.write(answer);
    });
  }).listen(0, '127.0.0.1');
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `postgres://voltrace:${password}@127.0.0.1:${String(port)}/voltrace`,
    /** After the start-up message, which names role and database. */
    received: () => Buffer.concat(received.slice(1)).toString('latin1'),
  };
};

const impostors: readonly [string, readonly Buffer[]][] = [
  ['asks for the password', [message('R', 3), Buffer.concat([accepted, ready])]],
  ['asks for its MD5', [message('R', 5, salt), Buffer.concat([accepted, ready])]],
  ['asks for nothing', [Buffer.concat([accepted, ready])]],
  ['does not even accept', [ready]],
  ['accepts instead of proving', [scramOffered, Buffer.concat([accepted, ready])]],
  [
    'proves with something made up',
    [
      scramOffered,
      Buffer.concat([message('R', 12, text(`v=${'A'.repeat(43)}=`)), accepted, ready]),
    ],
  ],
];

describe('a client that requires scram', () => {
  it.each(impostors)('sends nothing to a server that %s', async (_, answers) => {
    const { url, received } = await impostor(...answers);
    const client = new AuthenticatedClient({
      connectionString: `${url}?require_auth=scram-sha-256`,
      connectionTimeoutMillis: 10_000,
    });
    client.on('error', () => undefined);
    await expect(client.connect()).rejects.toThrow();
    await client.end().catch(() => undefined);
    expect(received()).not.toMatch(/secret-of-the-role|md5/);
    expect(received()).not.toContain('Q\0');
  });

  it('is needed: the client alone sends the password, and believes whoever accepts', async () => {
    const { url, received } = await impostor(message('R', 3), Buffer.concat([accepted, ready]));
    const client = new pg.Client(url);
    client.on('error', () => undefined);
    await client.connect();
    client.connection.stream.destroy();
    expect(received()).toContain(password);
  });

  it('is refused with a method that it does not know', () => {
    const url = `postgres://voltrace:${password}@127.0.0.1:1/voltrace?require_auth=md5`;
    expect(() => new AuthenticatedClient(url)).toThrow('expected scram-sha-256');
  });
});
