import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import type { StoredEvent } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import { CommandObserver } from '#observability/command-observer.js';
import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';
import { commandMeta } from '#testing/decider-spec.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { seriesStream } from '../series/events.js';
import { samplesStream } from './events.js';
import { readSamples, type WrittenSamples } from './read-samples.js';
import { SamplesIntake } from './samples-intake.js';

let node: TestNode;
let log: EsdbEventLog;

beforeAll(async () => {
  node = await startTestNode();
  log = EsdbEventLog.connect(node.url);
});
afterAll(async () => {
  await log.close();
  await node.stop();
});

const freshIntake = () =>
  new SamplesIntake(
    log,
    new CommandObserver(Logger.create({ app: 'test', level: 'silent' }), new Metrics()),
  );

const take = async (
  intake: SamplesIntake,
  device: string,
  written: WrittenSamples,
  seq?: number,
) => {
  const known = await intake.knownSeries(device);
  const read = readSamples(written, {
    ...{ known, timeUnit: 'ms', parsesText: false, now: Date.parse('2026-06-05T00:00:00Z') },
  });
  const message = seq === undefined ? undefined : { session: 's', seq };
  return intake.take(device, [{ read, message }], commandMeta({ commandId: randomUUID() }), 'mqtt');
};

const eventsOf = async (stream: string): Promise<StoredEvent[]> => {
  const events: StoredEvent[] = [];
  for await (const event of log.readStream(stream)) events.push(event);
  return events;
};

const overMidnight = (value: number): WrittenSamples => ({
  rows: [
    { t: '2026-05-04T23:59:59Z', values: { v: value } },
    { t: '2026-05-05T00:00:00Z', values: { v: value } },
  ],
});

it('are appended to the streams of their days, once for each message, by any process', async () => {
  const device = randomUUID();
  await take(freshIntake(), device, overMidnight(1), 1);
  await take(freshIntake(), device, overMidnight(2), 2);
  const again = await take(freshIntake(), device, overMidnight(1), 1);
  expect(again).toMatchObject({ samples: 2, repeated: 2 });
  for (const day of ['2026-05-04', '2026-05-05']) {
    const events = await eventsOf(samplesStream(device, day));
    expect(events.map(({ data }) => data['messages'])).toEqual([
      [{ session: 's', seq: 1 }],
      [{ session: 's', seq: 2 }],
    ]);
  }
  expect(await eventsOf(seriesStream(device))).toMatchObject([
    { type: 'SeriesLearnt', data: { series: 'v', valueType: 'number', unit: null } },
  ]);
});

it('without a number are recognised by their content', async () => {
  const device = randomUUID();
  await take(freshIntake(), device, overMidnight(1));
  expect(await take(freshIntake(), device, overMidnight(1))).toMatchObject({ repeated: 2 });
  expect(await eventsOf(samplesStream(device, '2026-05-04'))).toHaveLength(1);
});

it('that are wrong are kept in the quarantine, the others recorded', async () => {
  const device = randomUUID();
  const intake = freshIntake();
  const written = {
    rows: [
      { t: '2099-01-01T00:00:00Z', values: { v: 21 } },
      { t: '2026-06-04T12:00:00Z', values: { v: 21.5 } },
    ],
  };
  expect(await take(intake, device, written)).toMatchObject({ samples: 1, quarantined: 1 });
  const page = await log.readAll({ direction: 'backwards', limit: 50 });
  const kept = page.events.find(({ data }) => data['device'] === device && 'content' in data);
  expect(JSON.parse(Buffer.from(String(kept?.data['content']), 'base64').toString())).toEqual([
    { t: ['2099-01-01T00:00:00Z'], series: { v: { values: [21] } } },
  ]);
  expect(kept?.data['problems']).toEqual([
    { pointer: '/0/series/v/values/0', reason: expect.stringContaining('ahead of the server') },
  ]);
});

it('of an expired time are counted apart, also where another process dropped them', async () => {
  const device = randomUUID();
  const intake = freshIntake();
  await take(intake, device, overMidnight(1), 1);
  const expire = { series: 'v', before: '2026-05-05T00:00:30.000Z' };
  await handleCommand(log, freshIntake().series, device, {
    ...{ type: 'ExpireSamples', data: expire, meta: commandMeta({ commandId: randomUUID() }) },
  });
  expect(await take(intake, device, overMidnight(2), 2)).toMatchObject({
    ...{ samples: 1, expired: 1, expiredMessages: 0, repeated: 0 },
  });
  const early = { rows: [{ t: '2026-05-04T12:00:00Z', values: { v: 3 } }] };
  expect(await take(intake, device, early, 3)).toMatchObject({
    ...{ samples: 0, expired: 1, expiredMessages: 1 },
  });
});

it('reads again what two say otherwise of one new series, in one batch or in two processes', async () => {
  const device = randomUUID();
  const written = (unit: string): WrittenSamples => ({
    ...{ t0: '2026-05-04T00:00:00Z', dt: 1_000 },
    series: { P: { unit, values: [1] } },
  });
  const rules = { timeUnit: 'ms', parsesText: false, now: Date.parse('2026-06-05') } as const;
  const [one, other] = ['kW', 'W'].map((unit) => ({
    read: readSamples(written(unit), { ...rules, known: new Map() }),
  }));
  if (!one || !other) throw new Error('both were read');
  const mine = freshIntake();
  await expect(mine.take(device, [one, other], commandMeta(), 'mqtt')).rejects.toMatchObject({
    code: 'CONCURRENT_CHANGE',
  });
  // Another process, which knows nothing of it.
  const theirs = freshIntake();
  await expect(
    theirs.take(device, [other], commandMeta({ commandId: 'theirs' }), 'http'),
  ).rejects.toMatchObject({ code: 'CONCURRENT_CHANGE' });
  const again = readSamples(written('W'), { ...rules, known: await theirs.knownSeries(device) });
  expect(again.refused[0]?.reason).toContain('expected values in kW');
  const learnt: StoredEvent[] = [];
  for await (const event of log.readStream(seriesStream(device))) learnt.push(event);
  expect(learnt.map(({ data }) => data['unit'])).toEqual(['kW']);
});
