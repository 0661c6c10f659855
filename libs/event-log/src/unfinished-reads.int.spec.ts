import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { newEvent } from '#testing/new-event.js';
import { startOwnNode, type TestNode } from '#testing/test-node.js';

import { EsdbEventLog } from './esdb.js';
import { LogUnavailable } from './event-log.js';

const stream = 'counter-unfinished';
let node: TestNode;

beforeAll(async () => {
  node = await startOwnNode();
  const log = EsdbEventLog.connect(node.url);
  await log.append(
    stream,
    [newEvent('Counted', { by: 1 }), newEvent('Counted', { by: 2 })],
    'no_stream',
  );
  await log.close();
});
afterAll(() => node.stop());

/** All ways to read, each to its end. */
const reads = (log: EsdbEventLog): Promise<unknown>[] => [
  (async () => {
    for await (const _ of log.readStream(stream));
  })(),
  (async () => {
    for await (const _ of log.readStream('counter-missing', { direction: 'backwards' }));
  })(),
  log.readAll({ limit: 100 }),
  log.readAll({ limit: 100, direction: 'backwards' }),
  log.head(),
];

const failures = async (pending: readonly Promise<unknown>[]): Promise<unknown[]> =>
  (await Promise.allSettled(pending)).map((result) =>
    result.status === 'rejected' ? (result.reason as unknown) : result.value,
  );

const allUnavailable = Array.from({ length: 5 }, () => expect.any(LogUnavailable) as unknown);

describe('a read that did not see its end', () => {
  it.each(['reconnect', 'close'] as const)('fails when the process does a %s', async (act) => {
    const log = EsdbEventLog.connect(node.url);
    await log.head();
    await node.kill('SIGSTOP');
    try {
      const ended = failures(reads(log));
      // The calls are opened in later turns of the loop.
      await new Promise((resolve) => setImmediate(resolve));
      await log[act]();
      expect(await ended).toEqual(allUnavailable);
    } finally {
      await node.kill('SIGCONT');
      await log.close();
    }
  });

  it.each([
    ['ends the answer without a status', (answer: http2.ServerHttp2Stream) => answer.end()],
    ['resets the call', (answer: http2.ServerHttp2Stream) => answer.close(8)],
    ['resets it without an error', (answer: http2.ServerHttp2Stream) => answer.close(0)],
    ['hangs up', (answer: http2.ServerHttp2Stream) => answer.session?.destroy()],
  ])('fails when the server %s', async (_, breakOff) => {
    const proxy = await startBreakingProxy(node, breakOff);
    const log = EsdbEventLog.connect(`esdb://127.0.0.1:${String(proxy.port)}?tls=false`);
    try {
      expect(await failures(reads(log))).toEqual(allUnavailable);
    } finally {
      await log.close();
      proxy.close();
    }
  });
});

/** Passes calls on to the node, and breaks each answer off where its status is due. */
const startBreakingProxy = async (
  target: TestNode,
  breakOff: (answer: http2.ServerHttp2Stream) => void,
) => {
  const session = http2.connect(`https://127.0.0.1:${String(target.port)}`, target.tls);
  const server = http2.createServer();
  server.on('stream', (near, headers) => {
    near.on('error', () => undefined);
    const far = session.request(headers);
    near.pipe(far);
    far.on('response', (answer) => {
      // A call that its caller has given up meanwhile is answered already, by Node itself.
      if (!near.destroyed && !near.headersSent) near.respond(answer);
    });
    far.on('data', (bytes: Buffer) => near.write(bytes));
    far.on('end', () => {
      breakOff(near);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      session.close();
      server.close();
    },
  };
};
