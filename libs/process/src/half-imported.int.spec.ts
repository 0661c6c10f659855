import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { EsdbEventLog } from '#event-log/esdb.js';
import {
  importBegan,
  importStream,
  importVerified,
  LogIncomplete,
} from '#event-log/import-mark.js';
import { Logger } from '#observability/logging.js';
import { newEvent } from '#testing/new-event.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';
import { eventually } from '#testing/until.js';

import { ProcessContext } from './process-context.js';
import { openEventLog } from './stores.js';

let node: TestNode;
let context: ProcessContext;

beforeEach(async () => {
  node = await startTestNode();
  context = new ProcessContext('half-imported', Logger.create({ app: 'test', level: 'silent' }));
});
afterEach(async () => {
  await context.stop();
  await node.stop();
});

const registered = () => newEvent('Registered', {});
const healthOf = async () => (await context.health.report()).checks['event-log'];

describe('a log that is half imported', () => {
  it('is not appended to by any process, which is not ready until the import is verified', async () => {
    const { log, tail } = openEventLog(context, node.url);
    const mark = (type: string, at: bigint | 'no_stream') => appendPast(log, type, at);
    await mark(importBegan, 'no_stream');
    await tail.start();
    await expect(log.append('product-1', [registered()], 'no_stream')).rejects.toThrow(
      LogIncomplete,
    );
    await eventually(async () => {
      expect(await healthOf()).toMatchObject({
        status: 'down',
        reason: expect.stringContaining('is being imported') as string,
      });
    });
    await mark(importVerified, 0n);
    await log.append('product-1', [registered()], 'no_stream');
    await eventually(async () => {
      expect(await healthOf()).toMatchObject({ status: 'up' });
    });
  });
});

/** As an import does, which is no process of ours. */
const appendPast = async (
  log: EsdbEventLog,
  type: string,
  at: bigint | 'no_stream',
): Promise<void> => {
  const own = Object.getPrototypeOf(log) as EsdbEventLog;
  await own.append.call(log, importStream, [newEvent(type, {})], at);
};
