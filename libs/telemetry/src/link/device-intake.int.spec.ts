import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { upTopic } from '#device-link/topics.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { wallNow } from '#kernel/wall-clock.js';
import { CommandObserver } from '#observability/command-observer.js';
import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';
import { FullDisk } from '#testing/full-disk.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';
import { eventually } from '#testing/until.js';

import { SamplesIntake } from '../samples/samples-intake.js';
import { DeviceIntake } from './device-intake.js';
import { GapTracker } from './gap-tracker.js';
import { IntakeCounts } from './intake-counts.js';

const disk = new FullDisk();
let node: TestNode;
let log: EsdbEventLog;

beforeAll(async () => {
  node = await startTestNode(disk.env);
  log = EsdbEventLog.connect(node.url);
});
afterAll(async () => {
  await log.close();
  await node.stop();
  disk.remove();
});

it('states of a number that jumps a gap of bounded size', async () => {
  const tracker = new GapTracker(log);
  const device = randomUUID();
  await tracker.load(device);
  tracker.took(device, [{ session: 's', seq: 3 }]);
  const gap = (seq: number) => tracker.gaps(device, [{ session: 's', seq }]);
  expect(gap(100_004)).toEqual([{ session: 's', from: 4, to: 100_003 }]);
  expect(gap(1e15)).toEqual([{ session: 's', from: 1e15 - 100_000, to: 1e15 - 1 }]);
});

it('keeps a wrong message though the log could not take it many times', async () => {
  const outcomes: string[] = [];
  const observer = new CommandObserver(
    Logger.create({ app: 'test', level: 'silent' }),
    new Metrics(),
  );
  const intake = new DeviceIntake({
    ...{ log, samples: new SamplesIntake(log, observer), counts: new IntakeCounts(wallNow) },
    askFor: () => Promise.resolve(true),
    onFirst: () => Promise.resolve(),
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  const take = (device: string): Promise<void> =>
    intake.take(device, [
      {
        ...{ device, kind: 'samples', topic: upTopic(device, 'samples') },
        ...{ payload: Buffer.from('no JSON'), isAwaited: () => true },
      },
    ]);
  disk.fill();
  await eventually(async () => {
    await expect(take(randomUUID())).rejects.toThrow('disk full');
  });
  const device = randomUUID();
  for (let time = 0; time < 25; time += 1) {
    await expect(take(device)).rejects.toThrow('disk full');
  }
  disk.clear();
  outcomes.length = 0;
  await eventually(() => take(device));
  expect(outcomes).toEqual(['quarantined']);
});
