import { readFileSync } from 'node:fs';

import type { IClientOptions, MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { TestApi } from '#apps/api/api.fixture.js';
import { downTopic, upTopic } from '#device-link/topics.js';
import { pause } from '#event-log/pause.js';
import { intake } from '#projections/intake/intake.projection.js';
import { samples } from '#projections/samples/samples.projection.js';
import { samplesStream } from '#telemetry/samples/events.js';
import { eventually } from '#testing/until.js';

import { BrokerFixture, envelope } from './broker.fixture.js';

import 'reflect-metadata';

let api: TestApi;
let broker: BrokerFixture;
beforeAll(async () => {
  api = await TestApi.start();
  broker = await BrokerFixture.onNodeOf(api);
  await api.project(intake, samples);
}, 60_000);
afterAll(async () => {
  await broker.stop();
  await api.stop();
});

type Item = Readonly<Record<string, unknown>>;

const list = async (path: string): Promise<Item[]> =>
  (await api.ask(`/v1${path}`)).body['items'] as Item[];

/** Resident memory of the broker's process, in bytes. */
const memory = (): number => {
  const [, kilobytes] =
    /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(broker.pid)}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1_024;
};

const day = '2026-05-04';
const body = (value: number, t0 = `${day}T11:00:00Z`) => ({
  ...{ t0, t: [value], series: { v: { values: [value] } } },
});

/** One that does not come back by itself. */
const once: IClientOptions = { reconnectPeriod: 0 };
/** Sends one packet, and resolves when it is acknowledged or the connection is gone. */
const attempt = (
  client: MqttClient,
  topic: string,
  payload: string | Buffer,
  retain = false,
): Promise<'acknowledged' | 'cut off'> =>
  new Promise((resolve) => {
    client.once('close', () => resolve('cut off'));
    client.publish(topic, payload, { qos: 1, retain }, (error) => {
      if (!error) resolve('acknowledged');
    });
  });

it('withstands a hostile device, while another one goes on', async () => {
  const [device, victim] = [await broker.newDevice(), await broker.newDevice()];
  const other = await broker.connect(victim);
  const commands: string[] = [];
  other.on('message', (topic) => commands.push(topic));
  await other.subscribeAsync(downTopic(victim, 'instructions'), { qos: 1 });

  const over = new AbortController();
  const times: number[] = [];
  const goesOn = (async () => {
    for (let seq = 0; !over.signal.aborted; seq += 1) {
      const began = performance.now();
      await other.publishAsync(upTopic(victim, 'samples'), envelope(victim, seq, body(seq)), {
        qos: 1,
      });
      times.push(performance.now() - began);
      await pause(20);
    }
  })();

  const cut = [
    [upTopic(victim, 'samples'), envelope(victim, 9, body(9)), false],
    [downTopic(victim, 'instructions'), '{"type":"stop"}', true],
    [downTopic(device, 'config'), '{}', true],
    [upTopic(device, 'samples'), envelope(device, 1, body(1)), true],
    [upTopic(device, 'samples'), Buffer.alloc(10_000_000, 0x20), false],
    [`${upTopic(device, 'samples')}/more`, '{}', false],
  ] as const;
  for (const [topic, payload, retain] of cut) {
    const client = await broker.connect(device, once);
    expect([topic, await attempt(client, topic, payload, retain)]).toEqual([topic, 'cut off']);
  }

  const client = await broker.connect(device);
  const before = memory();
  const send = (payload: string | Buffer) =>
    client.publishAsync(upTopic(device, 'samples'), payload, { qos: 1 });
  for (const payload of [
    '{"v":1,',
    '['.repeat(200_000),
    envelope(device, 2, body(1)).replace('[1]', '[NaN]'),
    envelope(device, 3, body(1, '1970-01-01T00:00:00Z')),
    envelope(device, 4, body(1, '2099-01-01T00:00:00Z')),
  ]) {
    await send(payload);
  }
  // Numbers go back, and the same one stands on another message: nothing that it says is lost for that.
  for (const [seq, value] of [
    [5, 5],
    [1, 6],
    [1, 7],
  ] as const) {
    await send(envelope(device, seq, body(value)));
  }
  // Many topics: filters that are not its own are granted nothing, and nothing is kept of them.
  for (let round = 0; round < 20; round += 1) {
    const filters = Array.from({ length: 500 }, (_, n) => `${String(round)}/${String(n)}/#`);
    const granted = await client.subscribeAsync(filters, { qos: 1 }).catch(() => []);
    expect(granted.filter(({ qos }) => qos < 128)).toEqual([]);
  }
  // More of what cannot be read than is kept, each another one and as long as may be.
  const garbage = Buffer.alloc(250_000, 0x7b);
  for (let n = 0; n < 300; n += 1) {
    garbage.writeUInt32BE(n);
    await send(garbage);
  }
  expect(memory() - before).toBeLessThan(150_000_000);
  const settled = memory();
  for (let n = 300; n < 900; n += 1) {
    garbage.writeUInt32BE(n);
    await send(garbage);
  }
  expect(memory() - settled).toBeLessThan(40_000_000);

  over.abort();
  await goesOn;
  const slowest = [...times].sort((one, two) => two - one);
  expect(slowest[Math.floor(times.length / 20)]).toBeLessThan(2_000);
  const recorded = await broker.eventsOf(samplesStream(victim, day));
  const numbers = recorded.flatMap(({ data }) =>
    (data['messages'] as { seq: number }[]).map(({ seq }) => seq),
  );
  expect(numbers).toEqual(times.map((_, seq) => seq));
  expect(commands).toEqual([]);
  expect(await list(`/quarantine?deviceId=${victim}`)).toEqual([]);

  await eventually(async () => {
    const kept = await list(`/quarantine?deviceId=${device}`);
    const reasons = kept.map(({ problems }) => (problems as { reason: string }[])[0]?.reason);
    expect(reasons.slice(-5).reverse()).toEqual([
      expect.stringContaining('expected JSON'),
      expect.stringContaining('levels of nesting'),
      expect.stringContaining('NaN'),
      expect.stringContaining('before 2000'),
      expect.stringContaining('ahead of the server'),
    ]);
    // A burst of them is kept, and few after it.
    expect(kept.length).toBeLessThan(30);
    expect(await list(`/devices/${device}/latest`)).toMatchObject([{ series: 'v', value: 7 }]);
  });
  // What is refused and not kept is counted, and shows up with the next minute.
  await eventually(async () => {
    const minutes = await list(`/intake?deviceId=${device}&way=mqtt`);
    const reasons = minutes.map((minute) => minute['reasons'] as Record<string, number>);
    const sum = (code: string) => reasons.reduce((all, one) => all + (one[code] ?? 0), 0);
    const codes = ['FOREIGN_TOPIC', 'UNKNOWN_TOPIC', 'RETAINED', 'PACKET_TOO_LARGE'];
    expect(codes.map(sum)).toEqual([1, 3, 1, 1]);
    expect(sum('QUARANTINE_FULL')).toBeGreaterThan(850);
  });
});
