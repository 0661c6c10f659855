import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { LinkMetrics } from '#device-link/link-metrics.js';
import { upTopic } from '#device-link/topics.js';
import { pause } from '#event-log/pause.js';
import { CommandObserver } from '#observability/command-observer.js';
import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';
import { deviceStream } from '#telemetry/device/events.js';
import { DeviceLink } from '#telemetry/link/device-link.js';
import { samplesStream } from '#telemetry/samples/events.js';
import { newEvent } from '#testing/new-event.js';
import { until } from '#testing/until.js';

import { BrokerFixture, envelope } from './broker.fixture.js';

let fixture: BrokerFixture;
beforeAll(async () => {
  fixture = await BrokerFixture.start({ MQTT_OLDER_PREFIX: 'older' });
});
afterAll(() => fixture.stop());

const day = '2026-05-04';
const body = (value: unknown, t0: unknown = `${day}T11:00:00Z`) => ({
  ...{ t0, t: [0] },
  series: { v: { values: [value] } },
});
const numbersOf = async (device: string): Promise<number[]> =>
  (await fixture.eventsOf(samplesStream(device, day))).flatMap(({ data }) =>
    (data['messages'] as { seq: number }[]).map(({ seq }) => seq),
  );

/** Has a message of each device taken as a bridge takes it. */
const byAnotherBroker = async (devices: readonly string[], seq: number): Promise<void> => {
  const logger = Logger.create({ app: 'test', level: 'silent' });
  const metrics = new Metrics({ processMetrics: false });
  const link = new DeviceLink({
    ...{ log: fixture.log, logger, metrics: new LinkMetrics(metrics) },
    observer: new CommandObserver(logger, metrics),
  });
  const taken = devices.map((device) => {
    const topic = upTopic(device, 'samples');
    const payload = Buffer.from(envelope(device, seq, body(seq)));
    return link.inbox.put({ device, kind: 'samples', topic, payload, isAwaited: () => true });
  });
  expect(new Set(await Promise.all(taken))).toEqual(new Set([true]));
  await link.stop();
};

describe('a device', () => {
  it('with a wrong secret is not let in', async () => {
    const device = await fixture.newDevice();
    await expect(fixture.connect(device, { password: 'wrong' })).rejects.toThrow(
      'Bad username or password',
    );
  });

  it('is let in though a stranger has tried its name many times', async () => {
    const device = await fixture.newDevice();
    const guesses = Array.from({ length: 40 }, (_, guess) =>
      fixture.connect(device, { password: `guess ${String(guess)}`, clientId: String(guess) }),
    );
    const refused = await Promise.allSettled(guesses);
    expect(refused.filter(({ status }) => status === 'rejected')).toHaveLength(40);
    await fixture.connect(device);
  });

  it.each([
    ['on the topic of another one', 'foreign', false, 10],
    ['for the broker to keep', 'samples', true, 10],
    ['of 10 MB', 'samples', false, 10_000_000],
  ])('that sends %s is cut off and not acknowledged', async (_, where, retain, bytes) => {
    const device = await fixture.newDevice();
    const victim = await fixture.newDevice();
    const client = await fixture.connect(device, { reconnectPeriod: 0 });
    const closed = new Promise<void>((resolve) => client.once('close', resolve));
    let isAcknowledged = false;
    const topic = upTopic(where === 'foreign' ? victim : device, 'samples');
    client.publish(topic, Buffer.alloc(bytes, 0x20), { qos: 1, retain }, (error) => {
      isAcknowledged = !error;
    });
    await closed;
    await pause(50);
    expect(isAcknowledged).toBe(false);
    expect(await fixture.newest('MessageQuarantined', victim)).toEqual([]);
  });

  it('that is retired is cut off, not let in again, and has what another broker lets through in the quarantine', async () => {
    const device = await fixture.newDevice();
    const client = await fixture.connect(device, { reconnectPeriod: 0 });
    const send = (seq: number) =>
      client.publishAsync(upTopic(device, 'samples'), envelope(device, seq, body(seq)), { qos: 1 });
    await send(1);
    const closed = new Promise<void>((resolve) => client.once('close', resolve));
    await fixture.log.append(deviceStream(device), [newEvent('DeviceRetired', {})], 0n);
    await closed;
    await expect(fixture.connect(device)).rejects.toThrow('Bad username or password');
    // Its name went to another one: that is no longer the last thing that is said of it.
    const forfeited = { kind: 'device-name', value: 'house/egauge', claim: '0' };
    await fixture.log.append(deviceStream(device), [newEvent('KeyForfeited', forfeited)], 1n);
    await expect(fixture.connect(device)).rejects.toThrow('Bad username or password');
    await byAnotherBroker([device], 2);
    expect(await numbersOf(device)).toEqual([1]);
    expect(await fixture.newest('MessageQuarantined', device)).toMatchObject([
      { data: { problems: [{ reason: 'the device is not used any more' }] } },
    ]);
  });

  it('that nobody registered has what another broker lets through in the quarantine, in a few places for all of them', async () => {
    const strangers = ['meter-1', ...Array.from({ length: 30 }, () => randomUUID())];
    await byAnotherBroker(strangers, 1);
    const { events } = await fixture.log.readAll({ direction: 'backwards', limit: 500 });
    const kept = events.filter(({ data }) => strangers.includes(String(data['device'])));
    expect(kept).toHaveLength(20);
    for (const { type, data } of kept) {
      expect(type).toBe('MessageQuarantined');
      expect(data).toMatchObject({ problems: [{ reason: 'there is no such device' }] });
    }
    expect(await numbersOf('meter-1')).toEqual([]);
  });

  it('that sends what cannot be read has it in the quarantine with the reason', async () => {
    const device = await fixture.newDevice();
    const client = await fixture.connect(device);
    const sent = [
      '{"v":1,',
      '['.repeat(100_000),
      envelope(device, 1, body(1)).replace('[1]', '[NaN]'),
      envelope('another', 1, body(1)),
      envelope(device, 1, body(1, '1970-01-01T00:00:00Z')),
      envelope(device, 2, body(1, '2099-01-01T00:00:00Z')),
    ];
    for (const payload of sent) {
      await client.publishAsync(upTopic(device, 'samples'), payload, { qos: 1 });
    }
    const kept = await fixture.newest('MessageQuarantined', device);
    const reasons = kept.map(({ data }) => (data['problems'] as { reason: string }[])[0]?.reason);
    expect(reasons.reverse()).toEqual([
      expect.stringContaining('expected JSON'),
      expect.stringContaining('levels of nesting'),
      expect.stringContaining('NaN'),
      expect.stringContaining('id of the topic'),
      expect.stringContaining('before 2000'),
      expect.stringContaining('ahead of the server'),
    ]);
  });

  it('of the older topics sends nested values, and text that is a number', async () => {
    const device = await fixture.newDevice();
    const client = await fixture.connect(device);
    const at = Date.parse(`${day}T11:00:00Z`);
    const topic = `older_read/older_house_7/${device}/sonnen/${String(at)}/data`;
    const payload = JSON.stringify({ status: { Pac: '12.5', on: true, mode: 'auto', none: null } });
    await client.publishAsync(topic, payload, { qos: 1 });
    await client.publishAsync(topic, payload, { qos: 1 });
    const events = await fixture.eventsOf(samplesStream(device, day));
    expect(events.map(({ data }) => (data['blocks'] as { series: unknown }[])[0]?.series)).toEqual([
      {
        'status.Pac': { values: [12.5] },
        'status.on': { values: [true] },
        'status.mode': { values: ['auto'] },
      },
    ]);
  });
});

/** The same numbers for the same seed. */
const seeded = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state % below;
  };
};

it('finds every acknowledged message once after the broker was killed at random moments', async () => {
  const device = await fixture.newDevice();
  const client = await fixture.connect(device);
  const random = seeded(7);
  const acknowledged: number[] = [];
  let isOver = false;
  const publish = async (first: number): Promise<void> => {
    for (let seq = first; !isOver; seq += 8) {
      await client.publishAsync(upTopic(device, 'samples'), envelope(device, seq, body(seq)), {
        qos: 1,
      });
      acknowledged.push(seq);
    }
  };
  const publishers = Array.from({ length: 8 }, (_, first) => publish(first));
  for (let round = 0; round < 3; round += 1) {
    const before = acknowledged.length;
    await until('some are acknowledged', () => acknowledged.length > before + 20);
    await pause(random(200));
    await fixture.killBroker();
    await fixture.startBroker();
  }
  const before = acknowledged.length;
  await until('it goes on', () => acknowledged.length > before + 20);
  isOver = true;
  await Promise.all(publishers);
  const found = await numbersOf(device);
  expect(new Set(found).size).toBe(found.length);
  expect(acknowledged.filter((seq) => !found.includes(seq))).toEqual([]);
});
