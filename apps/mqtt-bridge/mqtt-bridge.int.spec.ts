import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { upTopic } from '#device-link/topics.js';
import { Fixture } from '#subscription/projection/test/fixture.js';
import { deviceStream } from '#telemetry/device/events.js';
import { samplesStream } from '#telemetry/samples/events.js';
import { AppProcesses } from '#testing/app-processes.js';
import { compiledRoot } from '#testing/build.js';
import { Mosquitto, mosquittoIsThere } from '#testing/mosquitto.js';
import { newEvent } from '#testing/new-event.js';
import { eventually, until } from '#testing/until.js';

if (!mosquittoIsThere) console.warn('skipped: mosquitto is not installed');

const day = '2026-05-04';
const apps = new AppProcesses();
let fixture: Fixture;
let mosquitto: Mosquitto | undefined;
const folder = mkdtempSync(join(tmpdir(), 'mosquitto-'));
chmodSync(folder, 0o711);

beforeAll(async () => {
  if (mosquittoIsThere) fixture = await Fixture.start();
});
afterAll(async () => {
  await apps.kill();
  await mosquitto?.kill();
  if (mosquittoIsThere) await fixture.stop();
  rmSync(folder, { recursive: true, force: true });
});

(mosquittoIsThere ? it : it.skip)(
  'takes all that Mosquitto acknowledged, over the death of a bridge and with another in stand-by',
  async () => {
    mosquitto = await Mosquitto.start(folder, ['allow_anonymous true']);
    const { url } = mosquitto;
    const device = randomUUID();
    const registered = { type: 'egauge', serialNumber: null, productId: null };
    const known = [newEvent('DeviceRegistered', registered)];
    await fixture.log.append(deviceStream(device), known, 'no_stream');
    const script = join(compiledRoot, 'apps/mqtt-bridge/main.js');
    const start = async () => {
      const env = { EVENTSTORE_URL: fixture.node.url, DATABASE_URL: fixture.database.url };
      const app = apps.start(script, { ...env, MQTT_URL: url, LOG_LEVEL: 'warn' });
      await app.ready;
      return app;
    };
    const client = await connectAsync(url, { reconnectPeriod: 100 });
    const send = async (from: number, to: number) => {
      const seqs = Array.from({ length: to - from }, (_, index) => from + index);
      const sent = seqs.map((seq) =>
        client.publishAsync(
          upTopic(device, 'samples'),
          JSON.stringify({
            ...{ v: 1, id: device, session: 's', seq, sentAt: new Date().toISOString() },
            body: { t0: `${day}T11:00:00Z`, t: [seq], series: { v: { values: [seq] } } },
          }),
          { qos: 1 },
        ),
      );
      await Promise.all(sent);
    };
    // What comes again may be in the log twice, where a stream does not know it any more: it is one sample.
    const taken = async () => {
      const seqs = new Set<number>();
      for await (const { data } of fixture.log.readStream(samplesStream(device, day))) {
        for (const { seq } of data['messages'] as { seq: number }[]) seqs.add(seq);
      }
      return [...seqs].sort((one, other) => one - other);
    };
    const first = await start();
    await eventually(async () => {
      await send(0, 1);
      expect(await taken()).toEqual([0]);
    });
    await start();
    void send(1, 300);
    await until('some are taken', async () => (await taken()).length > 20);
    first.signal('SIGKILL');
    await send(300, 400);
    await eventually(async () => {
      expect(await taken()).toEqual(Array.from({ length: 400 }, (_, seq) => seq));
    });
    client.end(true);
  },
);
