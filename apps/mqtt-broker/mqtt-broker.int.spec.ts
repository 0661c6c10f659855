import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { downTopic, upTopic } from '#device-link/topics.js';
import { linkStream } from '#telemetry/link/events.js';
import { samplesStream } from '#telemetry/samples/events.js';
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

  it('notes what was left out before it takes the rest, asks for it, and notes what comes after all', async () => {
    const device = await fixture.newDevice();
    const client = await fixture.connect(device);
    const asked: unknown[] = [];
    client.on('message', (_, payload) => asked.push(JSON.parse(payload.toString())));
    await client.subscribeAsync(downTopic(device, 'instructions'), { qos: 1 });
    const topic = upTopic(device, 'samples');
    for (const seq of [1, 4, 2]) {
      await client.publishAsync(topic, envelope(device, seq, samplesOf(seq)), { qos: 1 });
    }
    expect(await linked(device)).toEqual([
      { type: 'MessagesMissed', session: 's1', from: 2, to: 3 },
      { type: 'MessagesRecovered', session: 's1', from: 2, to: 2 },
    ]);
    await until('it is asked for', () => asked.length > 0);
    expect(asked).toEqual([{ type: 'resend', session: 's1', from: 2, to: 3 }]);
  });
});
