import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { progressHealth } from '#observability/health.js';
import { startOwnNode, type TestNode } from '#testing/test-node.js';
import { until } from '#testing/until.js';

import { EsdbEventLog } from './esdb.js';
import { LogTail } from './log-tail.js';

let node: TestNode;
let log: EsdbEventLog;
let tail: LogTail;

beforeEach(async () => {
  node = await startOwnNode();
  log = EsdbEventLog.connect(node.url);
  tail = new LogTail(log);
  await tail.start();
});

afterEach(async () => {
  await tail.stop();
  await log.close();
  await node.stop();
});

const health = () => progressHealth(tail.status(), new Date());
const isUp = () => health().status === 'up';

describe('the health of a tail', () => {
  it.each([
    ['was killed', 'SIGKILL'],
    ['is frozen', 'SIGSTOP'],
  ] as const)('is down soon after the store %s, and up again with it', async (_, signal) => {
    await until('it is up', isUp);
    const since = performance.now();
    await node.kill(signal);
    await until('it is down', () => !isUp());
    const stays = performance.now() + 3_000;
    // Each attempt to resume asks again, and leaves it down.
    while (performance.now() < stays) {
      expect(isUp()).toBe(false);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    // Three seconds without an answer, and two until the next question.
    expect(performance.now() - since).toBeLessThan(13_000);
    expect(health()).toMatchObject({ reason: 'no answer' });
    if (signal === 'SIGSTOP') await node.kill('SIGCONT');
    else await node.restart();
    await until('it is up again', isUp);
  });
});
