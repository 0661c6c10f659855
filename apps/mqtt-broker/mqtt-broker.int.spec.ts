import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { downTopic, upTopic } from '#device-link/topics.js';
import { configurationHash } from '#telemetry/configuration/configuration-hash.js';
import { configurationStream } from '#telemetry/configuration/events.js';
import { linkStream } from '#telemetry/link/events.js';
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
const samplesOf = (seq: number) => ({
  t0: `${day}T11:00:00Z`,
  t: [seq * 1_000],
  series: { v: { values: [seq] } },
});
const recorded = (device: string) => fixture.eventsOf(samplesStream(device, day));
const linked = async (device: string) =>
  (await fixture.eventsOf(linkStream(device))).map(({ type, data }) => ({ type, ...data }));

describe('the embedded broker', () => {
  it('acknowledges samples when they are in the log, many with one append', async () => {
    const device = await fixture.newDevice();
    const client = await fixture.connect(device);
    const topic = upTopic(device, 'samples');
    await client.publishAsync(topic, envelope(device, 0, samplesOf(0)), { qos: 1 });
    expect(await recorded(device)).toHaveLength(1);
    const seqs = Array.from({ length: 60 }, (_, index) => index + 1);
    await Promise.all(
      seqs.map((seq) =>
        client.publishAsync(topic, envelope(device, seq, samplesOf(seq)), { qos: 1 }),
      ),
    );
    const events = await recorded(device);
    const messages = events.flatMap(({ data }) => data['messages'] as { seq: number }[]);
    expect(messages.map(({ seq }) => seq)).toEqual([0, ...seqs]);
    expect(events.length).toBeLessThan(15);
  });

  it('takes messages in their order, though one of them is wrong in part', async () => {
    const device = await fixture.newDevice();
    const client = await fixture.connect(device);
    const wrong = {
      t0: `${day}T11:00:00Z`,
      t: [1_000, 9_000],
      series: { v: { values: [7, 'x'] } },
    };
    const bodies = [samplesOf(1), wrong, samplesOf(2)];
    await Promise.all(
      bodies.map((body, seq) =>
        client.publishAsync(upTopic(device, 'samples'), envelope(device, seq, body), { qos: 1 }),
      ),
    );
    const events = await recorded(device);
    expect(events.map(({ data }) => (data['messages'] as { seq: number }[])[0]?.seq)).toEqual([
      ...[0, 1, 2],
    ]);
  });

  it('notes what was left out before it takes the rest, asks for it, and notes what comes after all', async () => {
    const device = await fixture.newDevice();
    const client = await fixture.connect(device);
    const asked: unknown[] = [];
    client.on('message', (_, payload) => asked.push(JSON.parse(payload.toString())));
    await client.subscribeAsync(downTopic(device, 'instructions'), { qos: 1 });
    const topic = upTopic(device, 'samples');
    // One that cannot be read came, too: it is in the quarantine, and not missed.
    await client.publishAsync(topic, envelope(device, 0, { series: 'x' }), { qos: 1 });
    for (const seq of [1, 4, 2]) {
      await client.publishAsync(topic, envelope(device, seq, samplesOf(seq)), { qos: 1 });
    }
    await client.publishAsync(topic, envelope(device, 5, { series: 'x' }), { qos: 1 });
    await client.publishAsync(topic, envelope(device, 6, samplesOf(6)), { qos: 1 });
    expect(await linked(device)).toEqual([
      { type: 'MessagesMissed', session: 's1', from: 2, to: 3 },
      { type: 'ResendRequested', session: 's1', from: 2, to: 3 },
      { type: 'MessagesRecovered', session: 's1', from: 2, to: 2 },
    ]);
    await until('it is asked for', () => asked.length > 0);
    expect(asked).toEqual([{ type: 'resend', session: 's1', from: 2, to: 3 }]);
  });

  it('takes what a device answers to its configuration', async () => {
    const device = await fixture.newDevice();
    const desired = {
      configuration: { pollSeconds: 4 },
      hash: configurationHash({ pollSeconds: 4 }),
    };
    const stream = configurationStream(device);
    for (const version of [1, 2]) {
      const event = newEvent('ConfigurationDesired', { version, ...desired });
      await fixture.log.append(stream, [event], version === 1 ? 'no_stream' : 0n);
    }
    const client = await fixture.connect(device);
    const answered: unknown[] = [];
    let seq = 0;
    const answer = async (body: object): Promise<void> => {
      seq += 1;
      const payload = envelope(device, seq, { type: 'configuration', ...body });
      await client.publishAsync(upTopic(device, 'acks'), payload, { qos: 1 });
      answered.splice(0, answered.length, ...(await fixture.eventsOf(stream)).slice(2));
    };
    const applied = { status: 'applied', version: 2 };
    await answer(applied);
    await answer(applied);
    await answer({ ...applied, configuration: { pollSeconds: 5 } });
    await answer({ status: 'applied', configuration: { pollSeconds: 4 } });
    await answer({ status: 'refused', version: 2, reason: 'pollSeconds: expected 5' });
    await answer({ status: 'refused', version: 1, reason: 'it was replaced meanwhile' });
    const five = { configuration: { pollSeconds: 5 }, hash: configurationHash({ pollSeconds: 5 }) };
    expect(answered).toMatchObject([
      {
        type: 'ConfigurationReported',
        data: { version: 2, ...desired },
        metadata: { source: 'mqtt' },
      },
      { type: 'ConfigurationReported', data: { version: 2, ...five } },
      { type: 'ConfigurationReported', data: { version: null, ...desired } },
      { type: 'ConfigurationRefused', data: { version: 2, reason: 'pollSeconds: expected 5' } },
    ]);

    for (const body of [
      { status: 'applied', version: 3 },
      { status: 'refused', version: 3, reason: 'x' },
      { status: 'refused', version: 2 },
      { status: 'applied' },
      { status: 'maybe', version: 2 },
      { type: 'instruction', status: 'applied' },
      { status: 'applied', version: 2, configuration: { password: 'hunter2' } },
    ]) {
      await answer(body);
    }
    expect(answered).toHaveLength(4);
    const kept = await fixture.newest('MessageQuarantined', device);
    expect(
      kept.reverse().map(({ data }) => (data['problems'] as { pointer: string }[])[0]?.pointer),
    ).toEqual([
      ...['/version', '/version', '/body/reason', '/body/version', '/body/status', '/body/type'],
      '/configuration/password',
    ]);
    // What holds a secret is kept without its bytes.
    expect(kept.map(({ data }) => data['content'] === '')).toEqual([
      ...[false, false, false, false, false, false, true],
    ]);
  });
});
