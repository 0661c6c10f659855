import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { TestApi } from '#apps/api/api.fixture.js';
import { envelope } from '#apps/mqtt-broker/broker.fixture.js';
import { downTopic, upTopic } from '#device-link/topics.js';
import { devices } from '#projections/devices/devices.projection.js';
import { eventClock } from '#projections/event-clock/event-clock.projection.js';
import { intake } from '#projections/intake/intake.projection.js';
import { samples } from '#projections/samples/samples.projection.js';
import { AppProcesses } from '#testing/app-processes.js';
import { compiledRoot } from '#testing/build.js';
import { Mosquitto, mosquittoIsThere, mosquittosFolder } from '#testing/mosquitto.js';
import { runCtl } from '#testing/standalone.js';
import { eventually } from '#testing/until.js';

import 'reflect-metadata';

if (!mosquittoIsThere) console.warn('skipped: mosquitto is not installed');

const notAuthorized = 135;
const badCredentials = 5;
const root = mkdtempSync(join(tmpdir(), 'voltrace-mosquitto-'));
const out = join(root, 'files');
const credentials = join(root, 'bridge-credentials');
const apps = new AppProcesses();
const clients: MqttClient[] = [];

interface Device {
  readonly id: string;
  readonly secret: string;
}

let api: TestApi;
let mosquitto: Mosquitto;
let own: Device;
let other: Device;

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;
const post = async (path: string, json: object) => (await api.ask(`/v1${path}`, { json })).body;
const get = async (path: string) => (await api.ask(`/v1${path}`)).body;

const newDevice = async (): Promise<Device> => {
  const id = String((await post('/devices', { type: 'egauge' }))['id']);
  const issued = await post(`/devices/${id}/issue-credential`, {});
  await get(`/device-credentials?after=${String(issued['position'])}`);
  return { id, secret: String(issued['secret']) };
};

const writeFiles = async (): Promise<void> => {
  const args = ['devices', 'broker-files', '--out', out, '--older-prefix', 'older'];
  const { exitCode, stderr } = await runCtl(root, [...args, '--bridge-credentials', credentials], {
    VOLTRACE_URL: api.url,
    VOLTRACE_API_KEY: api.admin,
  });
  expect([exitCode, stderr]).toEqual([0, '']);
};

const connected = async (
  { id, secret }: Device,
  options: IClientOptions = {},
): Promise<MqttClient> => {
  const client = await connectAsync(mosquitto.url, {
    ...{ username: id, password: secret, clientId: id, reconnectPeriod: 0 },
    ...options,
  });
  client.on('error', () => undefined);
  clients.push(client);
  return client;
};

/** 0, or the code of the refusal. */
const codeOfConnecting = (device: Device): Promise<unknown> =>
  connected(device).then(() => 0, codeOf);

/** What a client is sent, as it comes. */
const received = (client: MqttClient): { topic: string; body: unknown }[] => {
  const all: { topic: string; body: unknown }[] = [];
  client.on('message', (topic, payload) => {
    all.push({ topic, body: JSON.parse(payload.toString()) });
  });
  return all;
};

const samplesBody = (value: number) => ({
  t: [`2026-05-04T11:00:${String(value).padStart(2, '0')}Z`],
  series: { v: { values: [value] } },
});
const valuesOf = async (device: string): Promise<unknown[]> => {
  const range = 'series=v&from=2026-05-04T00:00:00Z&to=2026-05-05T00:00:00Z';
  const { items = [] } = await get(`/devices/${device}/samples?${range}`);
  return (items as { value: unknown }[]).map(({ value }) => value);
};

describe.skipIf(!mosquittoIsThere)('Mosquitto with the files of the product', () => {
  beforeAll(async () => {
    chmodSync(root, 0o711);
    mosquittosFolder(out);
    api = await TestApi.start();
    await api.project(devices, samples, intake, eventClock);
    own = await newDevice();
    other = await newDevice();
    writeFileSync(join(out, 'passwords'), '', { mode: 0o644 });
    await writeFiles();
    mosquitto = await Mosquitto.start(root, [
      ...['allow_anonymous false', `password_file ${join(out, 'passwords')}`],
      `acl_file ${join(out, 'acl')}`,
    ]);
    const bridge = apps.start(join(compiledRoot, 'apps/mqtt-bridge/main.js'), {
      ...{ EVENTSTORE_URL: api.node.url, DATABASE_URL: api.databaseUrl },
      ...{ MQTT_URL: mosquitto.url, MQTT_CREDENTIALS_FILE: credentials },
      ...{ MQTT_OLDER_PREFIX: 'older', LOG_LEVEL: 'warn' },
    });
    await bridge.ready;
  }, 90_000);
  afterAll(async () => {
    for (const client of clients) client.end(true);
    await apps.kill();
    await mosquitto.kill();
    await api.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it('reads them as its own user, and nobody else does', () => {
    const { uid } = statSync(out);
    for (const name of ['passwords', 'acl']) {
      const file = statSync(join(out, name));
      expect([file.mode & 0o777, file.uid]).toEqual([0o600, uid]);
    }
    expect(statSync(credentials).mode & 0o777).toBe(0o600);
  });

  it('lets a device send on its own topics, which the bridge takes as its own user', async () => {
    const client = await connected(own);
    await eventually(async () => {
      // What comes before the bridge has subscribed is for nobody.
      await client.publishAsync(upTopic(own.id, 'samples'), envelope(own.id, 1, samplesBody(1)), {
        qos: 1,
      });
      expect(await valuesOf(own.id)).toEqual([1]);
    });
    const older = `older_read/older_house_7/${own.id}/meter/${String(Date.UTC(2026, 4, 4, 12))}/data`;
    await client.publishAsync(older, JSON.stringify({ v: 2 }), { qos: 1 });
    await eventually(async () => {
      expect(await valuesOf(own.id)).toEqual([1, 2]);
    });
  });

  it('takes nothing on topics of another device, gives nothing of them, and knows its secret', async () => {
    const client = await connected(own, { protocolVersion: 5, clientId: 'curious' });
    const seen = received(client);
    await client.subscribeAsync('#', { qos: 1 });
    const older = `older_read/older_house_7/${other.id}/meter/1767225600000/data`;
    for (const topic of [upTopic(other.id, 'samples'), older, downTopic(own.id, 'config')]) {
      const body = envelope(other.id, 1, samplesBody(3));
      const refused = await client
        .publishAsync(topic, body, { qos: 1 })
        .then(() => 'taken', codeOf);
      expect(refused).toBe(notAuthorized);
    }
    const neighbour = await connected(other);
    await neighbour.publishAsync(
      upTopic(other.id, 'samples'),
      envelope(other.id, 1, samplesBody(4)),
      { qos: 1 },
    );
    await eventually(async () => {
      expect(await valuesOf(other.id)).toEqual([4]);
    });
    expect(seen).toEqual([]);
    const { secret } = other;
    expect(await codeOfConnecting({ ...own, secret })).toBe(badCredentials);
    expect(await codeOfConnecting({ id: 'voltrace-bridge', secret })).toBe(badCredentials);
  });

  it('passes on what a device is to do, and what it answers', async () => {
    const client = await connected(own, { clientId: 'configured' });
    const seen = received(client);
    await client.subscribeAsync([downTopic(own.id, 'config'), downTopic(own.id, 'instructions')], {
      qos: 1,
    });
    await post(`/devices/${own.id}/configure`, { configuration: { pollSeconds: 4 } });
    await eventually(() => {
      expect(seen).toMatchObject([
        {
          topic: downTopic(own.id, 'config'),
          body: { version: 1, configuration: { pollSeconds: 4 } },
        },
      ]);
      return Promise.resolve();
    });
    const answer = { type: 'configuration', status: 'applied', version: 1 };
    await client.publishAsync(upTopic(own.id, 'acks'), envelope(own.id, 5, answer), { qos: 1 });
    await eventually(async () => {
      const found = await get(`/device-configurations/${own.id}`);
      expect(found).toMatchObject({ reportedVersion: 1, inDrift: false });
    });
    await eventually(() => {
      expect(seen[1]).toEqual({
        topic: downTopic(own.id, 'instructions'),
        body: { type: 'resend', session: 's1', from: 2, to: 4 },
      });
      return Promise.resolve();
    });
  });

  it('forgets a device whose credential is revoked when it reads them again', async () => {
    const gone = await newDevice();
    await writeFiles();
    mosquitto.signal('SIGHUP');
    const client = await eventually(() => connected(gone));
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    const { items } = await get(`/device-credentials?deviceId=${gone.id}`);
    const [{ credential } = {}] = items as { credential: string }[];
    const revoked = await post(`/devices/${gone.id}/revoke-credential`, { credential });
    await get(`/device-credentials?after=${String(revoked['position'])}`);
    await writeFiles();
    mosquitto.signal('SIGHUP');
    await closed;
    expect(await codeOfConnecting(gone)).toBe(badCredentials);
    await connected(own, { clientId: 'still-there' });
  });
});
