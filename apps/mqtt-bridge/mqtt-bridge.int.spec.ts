import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { upTopic } from '#device-link/topics.js';
import { freePort } from '#embedded/free-port.js';
import { Fixture } from '#subscription/projection/test/fixture.js';
import { samplesStream } from '#telemetry/samples/events.js';
import { AppProcesses } from '#testing/app-processes.js';
import { compiledRoot } from '#testing/build.js';
import { eventually, until } from '#testing/until.js';

const isThere = spawnSync('mosquitto', ['-h']).error === undefined;
if (!isThere) console.warn('skipped: mosquitto is not installed');

const day = '2026-05-04';
const apps = new AppProcesses();
let fixture: Fixture;
let mosquitto: ReturnType<typeof spawn> | undefined;

beforeAll(async () => {
  if (isThere) fixture = await Fixture.start();
});
afterAll(async () => {
  await apps.kill();
  mosquitto?.kill();
  if (isThere) await fixture.stop();
});

(isThere ? it : it.skip)(
  'takes what Mosquitto acknowledged, each once, over the death of a bridge and with another in stand-by',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mosquitto-'));
    const port = await freePort();
    const file = join(folder, 'mosquitto.conf');
    writeFileSync(
      file,
      `listener ${String(port)} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 1000\n` +
        `max_queued_messages 0\nuser root\n`,
    );
    mosquitto = spawn('mosquitto', ['-c', file], { stdio: 'ignore' });
    const url = `mqtt://127.0.0.1:${String(port)}`;
    const device = randomUUID();
    const script = join(compiledRoot, 'apps/mqtt-bridge/main.js');
    const start = async () => {
      const env = { EVENTSTORE_URL: fixture.node.url, DATABASE_URL: fixture.database.url };
      const app = apps.start(script, { ...env, MQTT_URL: url, LOG_LEVEL: 'warn' });
      await app.ready;
      return app;
    };
    // On a busy machine the broker does not listen at once.
    const client = await eventually(() => connectAsync(url, { reconnectPeriod: 100 }));
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
    const taken = async () => {
      const seqs: number[] = [];
      for await (const { data } of fixture.log.readStream(samplesStream(device, day))) {
        seqs.push(...(data['messages'] as { seq: number }[]).map(({ seq }) => seq));
      }
      return seqs.sort((one, other) => one - other);
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
