import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { newEvent } from '#testing/new-event.js';
import { startOwnNode, type TestNode } from '#testing/test-node.js';
import { until } from '#testing/until.js';

import { EsdbEventLog } from './esdb.js';
import type { StoredEvent } from './event-log.js';
import { LogTail } from './log-tail.js';
import { closeAfterwards } from './wire-server.fixture.js';

const burst = 100;

/** Drops a live subscriber in every burst of more than 32 events. */
let node: TestNode;
let log: EsdbEventLog;

beforeAll(async () => {
  node = await startOwnNode({ EVENT_NODE_ANSWERS: 'as-a-server' });
  log = EsdbEventLog.connect(node.url);
});

afterAll(async () => {
  await log.close();
  await node.stop();
});

const appendBurst = async (stream: string): Promise<string[]> => {
  const events = Array.from({ length: burst }, (_, by) => newEvent('Counted', { by }));
  await log.append(stream, events, 'no_stream');
  return events.map(({ id }) => id);
};

describe('a subscription that the store drops as too slow', () => {
  it('resumes at once after the last event: nothing is missed, doubled or taken for an outage', async () => {
    const received: StoredEvent[] = [];
    const warned: string[] = [];
    const logger = { info: () => undefined, warn: (_: object, line: string) => warned.push(line) };
    const tail = new LogTail(log, { logger });
    closeAfterwards(() => tail.stop());
    await tail.start();
    tail.onEvent((event) => received.push(event));
    // The tail is live once it has delivered an event.
    await log.append('counter-first', [newEvent('Counted', { by: 1 })], 'no_stream');
    await until('the tail is live', () => received.length === 1);
    const { epoch } = log;
    const expected: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      expected.push(...(await appendBurst(`counter-burst-${String(n)}`)));
      await until('the burst came', () => received.length >= expected.length + 1);
    }
    expect(received.slice(1).map(({ id }) => id)).toEqual(expected);
    expect(warned).toEqual([]);
    expect(log.epoch).toBe(epoch);
  });
});

describe('a subscription', () => {
  it('leaves no call open on the connection when its reader fails', async () => {
    await log.append('counter-leak', [newEvent('Counted', { by: 1 })], 'no_stream');
    // More than a connection has calls.
    for (let n = 0; n < 120; n += 1) {
      const { ended } = log.subscribeToAll(undefined, () => {
        throw new Error('cannot be read');
      });
      expect(await ended).toBeInstanceOf(Error);
    }
    expect(await log.head()).toBeDefined();
  });

  it('that ends, or begins while none is open, may be of another log; one that is stopped is not', async () => {
    const before = log.epoch;
    const stopped = log.subscribeToAll(undefined, () => undefined);
    const begun = log.epoch;
    expect(begun).toBeGreaterThan(before);
    stopped.stop();
    await stopped.ended;
    expect(log.epoch).toBe(begun);
    const lost = log.subscribeToAll(undefined, () => undefined);
    const open = log.epoch;
    await node.kill();
    expect(await lost.ended).toBeInstanceOf(Error);
    expect(log.epoch).toBeGreaterThan(open);
    await node.restart();
  });
});
