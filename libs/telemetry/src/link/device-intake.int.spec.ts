import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { upTopic } from '#device-link/topics.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { LogDiskFull } from '#event-log/event-log.js';
import { pause } from '#event-log/pause.js';
import { wallNow } from '#kernel/wall-clock.js';
import { CommandObserver } from '#observability/command-observer.js';
import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';
import { FullDisk } from '#testing/full-disk.js';
import { newEvent } from '#testing/new-event.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';
import { eventually, until } from '#testing/until.js';

import { deviceStream } from '../device/events.js';
import { SamplesIntake } from '../samples/samples-intake.js';
import type { Gap } from './decider.js';
import { DeviceIntake, type DeviceIntakeParts } from './device-intake.js';
import { linkStream } from './events.js';
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

const observer = new CommandObserver(
  Logger.create({ app: 'test', level: 'silent' }),
  new Metrics({ processMetrics: false }),
);

/** As one process takes messages; what it asks devices for again stands in `asked`. */
const newIntake = (parts: Partial<DeviceIntakeParts> = {}) => {
  const asked: Gap[] = [];
  const intake = new DeviceIntake({
    ...{ log, samples: new SamplesIntake(log, observer), counts: new IntakeCounts(wallNow) },
    askFor: (_, gaps) => {
      asked.push(...gaps);
      return Promise.resolve(true);
    },
    onFirst: () => Promise.resolve(),
    onOutcome: () => undefined,
    ...parts,
  });
  const take = (device: string, kind: 'samples' | 'occurrences', payload: string): Promise<void> =>
    intake.take(device, [
      {
        ...{ device, kind, topic: upTopic(device, kind) },
        ...{ payload: Buffer.from(payload), isAwaited: () => true },
      },
    ]);
  return { asked, take, stop: () => intake.stop() };
};

const newDevice = async (): Promise<string> => {
  const device = randomUUID();
  const registered = { type: 'egauge', serialNumber: null, productId: null };
  const known = [newEvent('DeviceRegistered', registered)];
  await log.append(deviceStream(device), known, 'no_stream');
  return device;
};

const envelope = (id: string, seq: number, body: object): string => {
  const sentAt = new Date().toISOString();
  return JSON.stringify({ v: 1, id, session: 's', seq, sentAt, body });
};
const samplesOf = (device: string, seq: number): string => {
  const t = new Date(Math.floor(Date.now() / 1_000) * 1_000 + seq).toISOString();
  return envelope(device, seq, { t: [t], series: { v: { values: [seq] } } });
};
const linked = async (device: string): Promise<string[]> => {
  const found: string[] = [];
  for await (const { type, data } of log.readStream(linkStream(device))) {
    found.push(`${type} ${String(data['from'])}-${String(data['to'])}`);
  }
  return found;
};

it('states of a number that jumps a gap of bounded size', async () => {
  const tracker = new GapTracker(log);
  const device = randomUUID();
  await tracker.load(device);
  tracker.took(device, [{ session: 's', seq: 3 }]);
  const gap = (seq: number) => tracker.gaps(device, [{ session: 's', seq }]).missed;
  expect(gap(100_004)).toEqual([{ session: 's', from: 4, to: 100_003 }]);
  expect(gap(1e15)).toEqual([{ session: 's', from: 1e15 - 100_000, to: 1e15 - 1 }]);
});

it('does not state missed what comes behind a higher number of the same messages', async () => {
  const tracker = new GapTracker(log);
  const device = randomUUID();
  await tracker.load(device);
  const messages = (...numbers: number[]) => numbers.map((seq) => ({ session: 's', seq }));
  expect(tracker.gaps(device, messages(7, 3)).missed).toEqual([]);
  tracker.took(device, messages(1, 2));
  expect(tracker.gaps(device, messages(5, 3, 7, 4)).missed).toEqual([
    { session: 's', from: 6, to: 6 },
  ]);
});

it('asks again for what does not come, for what is left of it, and after three times not any more', async () => {
  const device = await newDevice();
  const { asked, take, stop } = newIntake({ resendPausesMs: [200, 400] });
  await take(device, 'samples', samplesOf(device, 1));
  await take(device, 'samples', samplesOf(device, 5));
  await take(device, 'samples', samplesOf(device, 2));
  await until('it is asked three times', () => asked.length >= 3);
  await pause(800);
  stop();
  const gap = (from: number, to: number) => ({ session: 's', from, to });
  expect(asked).toEqual([gap(2, 4), gap(3, 4), gap(3, 4)]);
  expect(await linked(device)).toEqual([
    ...['MessagesMissed 2-4', 'ResendRequested 2-4', 'MessagesRecovered 2-2'],
    ...['ResendRequested 3-4', 'ResendRequested 3-4'],
  ]);
});

it('goes on asking after a restart', async () => {
  const device = await newDevice();
  const before = newIntake();
  await before.take(device, 'samples', samplesOf(device, 1));
  await before.take(device, 'samples', samplesOf(device, 4));
  before.stop();
  const { asked, take, stop } = newIntake({ resendPausesMs: [100, 100] });
  await take(device, 'samples', samplesOf(device, 5));
  await until('it is asked again', () => asked.length > 0);
  stop();
  expect(asked[0]).toEqual({ session: 's', from: 2, to: 3 });
});

it('does not take for missed what may have come before a restart, but asks for it', async () => {
  const device = await newDevice();
  const before = newIntake();
  await before.take(device, 'samples', samplesOf(device, 1));
  const occurrence = { kind: 'DOOR', at: new Date().toISOString() };
  await before.take(device, 'occurrences', envelope(device, 2, occurrence));
  before.stop();
  const { asked, take, stop } = newIntake();
  await take(device, 'samples', samplesOf(device, 3));
  expect(asked).toEqual([{ session: 's', from: 2, to: 2 }]);
  expect(await linked(device)).toEqual([]);
  await take(device, 'samples', samplesOf(device, 5));
  stop();
  expect(await linked(device)).toEqual(['MessagesMissed 4-4', 'ResendRequested 4-4']);
});

it('keeps a wrong message though the log could not take it many times', async () => {
  const outcomes: string[] = [];
  const { take } = newIntake({ onOutcome: (outcome) => outcomes.push(outcome) });
  const device = await newDevice();
  disk.fill();
  await eventually(async () => {
    await expect(newDevice()).rejects.toThrow(LogDiskFull);
  });
  for (let time = 0; time < 25; time += 1) {
    await expect(take(device, 'samples', 'no JSON')).rejects.toThrow('disk full');
  }
  disk.clear();
  outcomes.length = 0;
  await eventually(() => take(device, 'samples', 'no JSON'));
  expect(outcomes).toEqual(['quarantined']);
});
