import { randomUUID } from 'node:crypto';
import http2, { type ClientHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';

import { expect, it, vi } from 'vitest';

import { startTestNode } from '#testing/test-node.js';

import { EsdbEventLog } from './esdb.js';
import { keyOwner } from './key/claim-key.js';

/** The class of every call's stream, which Node does not export. */
const streamClass = async (): Promise<Pick<ClientHttp2Stream, 'close'>> => {
  const server = http2.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const session = http2.connect(`http://127.0.0.1:${String(port)}`);
  const stream = session.request({ ':path': '/' });
  stream.on('error', () => undefined);
  let prototype = Object.getPrototypeOf(stream) as Pick<ClientHttp2Stream, 'close'>;
  while (!Object.hasOwn(prototype, 'close')) {
    prototype = Object.getPrototypeOf(prototype) as typeof prototype;
  }
  await new Promise<void>((resolve) => {
    session.close(resolve);
    stream.close();
  });
  server.close();
  return prototype;
};

it('reads of missing streams and of unclaimed keys end without a reset on the wire', async () => {
  const node = await startTestNode();
  const log = EsdbEventLog.connect(node.url);
  try {
    await log.head();
    const close = vi.spyOn(await streamClass(), 'close');
    const read = async (): Promise<number> => {
      let events = 0;
      for await (const _ of log.readStream(`nothing-${randomUUID()}`)) events += 1;
      return events;
    };
    const reads = Array.from({ length: 50 }, read);
    expect(await Promise.all(reads)).toEqual(Array.from({ length: 50 }, () => 0));
    expect(await keyOwner(log, { kind: 'nothing', value: randomUUID() })).toBeUndefined();
    expect(close.mock.calls).toEqual([]);
  } finally {
    vi.restoreAllMocks();
    await log.close();
    await node.stop();
  }
});
