import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';

import { newEvent } from '#testing/new-event.js';
import { until } from '#testing/until.js';

import type { EsdbEventLog } from './esdb.js';
import { LogAccessDenied, LogUnavailable } from './event-log.js';
import { LogTail } from './log-tail.js';
import {
  closeAfterwards,
  connected,
  deniedAppend,
  foundEvent,
  type ReadCall,
  serving,
} from './wire-server.fixture.js';

const stream = 'counter-w';
const event = newEvent('Counted', { by: 1 });

const refuse = (
  call: { emit(event: 'error', error: object): boolean },
  code: status,
  trailers: Readonly<Record<string, string>> = {},
): void => {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value);
  call.emit('error', { code, details: 'refused', metadata });
};

const found = (call: ReadCall): void => {
  call.write(foundEvent(event.id, 0, 99));
  call.end();
};

const idsOf = async (log: EsdbEventLog): Promise<string[]> => {
  const ids: string[] = [];
  for await (const { id } of log.readStream(stream)) ids.push(id);
  return ids;
};

describe('on a cluster', () => {
  it('streams and the head are read from the leader, pages from any node', async () => {
    const asked: (string | undefined)[] = [];
    const log = await connected({
      onRead: (call) => {
        asked.push(call.metadata.get('requires-leader')[0]?.toString());
        found(call);
      },
    });
    await idsOf(log);
    await log.head();
    await log.readAll({ limit: 1 });
    expect(asked).toEqual(['true', 'true', undefined]);
  });

  it('a node that leads no more is an outage, and the next read goes to the leader', async () => {
    const leader = await serving({ onRead: found });
    const log = await connected({
      onRead: (call) => {
        refuse(call, status.NOT_FOUND, {
          exception: 'not-leader',
          'leader-endpoint-host': '127.0.0.1',
          'leader-endpoint-port': String(leader.port),
        });
      },
    });
    await expect(idsOf(log)).rejects.toThrow(LogUnavailable);
    expect(await idsOf(log)).toEqual([event.id]);
  });
});

describe('an event store that denies access', () => {
  it.each([
    ['forbids', status.PERMISSION_DENIED, { exception: 'access-denied' }],
    ['forbids without saying so in words', status.PERMISSION_DENIED, {}],
    ['does not know us', status.UNAUTHENTICATED, {}],
  ])('is named when it %s a read or an append', async (_, code, trailers) => {
    const log = await connected({
      onRead: (call) => {
        refuse(call, code, trailers);
      },
      onAppendCall: (call) => {
        refuse(call, code, trailers);
      },
    });
    await expect(idsOf(log)).rejects.toThrow(LogAccessDenied);
    await expect(log.head()).rejects.toThrow(LogAccessDenied);
    await expect(log.append(stream, [event], 'no_stream')).rejects.toThrow(LogAccessDenied);
    const { ended } = log.subscribeToAll(undefined, () => undefined);
    expect(await ended).toBeInstanceOf(LogAccessDenied);
  });

  it('is named when it denies the one stream', async () => {
    const log = await connected({
      onAppend: (_, answer) => {
        answer(deniedAppend());
      },
    });
    await expect(log.append(stream, [event], 'no_stream')).rejects.toThrow(LogAccessDenied);
  });

  it('is what the tail says for as long as it does', async () => {
    let denies = true;
    const log = await connected({
      onRead: (call) => {
        if (denies) refuse(call, status.PERMISSION_DENIED, { exception: 'access-denied' });
        else if (call.request.getOptions()?.hasSubscription() === false) found(call);
      },
    });
    const warned: string[] = [];
    const logger = { info: () => undefined, warn: (_: object, line: string) => warned.push(line) };
    const tail = new LogTail(log, { logger });
    closeAfterwards(() => tail.stop());
    void tail.start();
    await until('the tail says it', () => tail.status().failure === 'access denied');
    await until('it says which right is missing', () => warned.length > 0);
    for (const line of warned) expect(line).toContain('needs the right to read $all');
    denies = false;
    await until('it is over', () => tail.status().lastProgressAt !== undefined);
    expect(tail.status().failure).toBeUndefined();
  });
});
