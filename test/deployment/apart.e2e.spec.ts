import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { envelope } from '#apps/mqtt-broker/broker.fixture.js';
import { processes } from '#apps/processes.js';
import { upTopic } from '#device-link/topics.js';
import { projections } from '#projections/all.js';
import { consumers } from '#projections/consumers.js';
import { projectRoot } from '#testing/build.js';
import { type TestDatabase, testDatabase } from '#testing/embedded.js';
import { describeWithKafka } from '#testing/kafka/describe-with-kafka.js';
import { freshNamespace, sharedKafka } from '#testing/kafka/shared.js';
import { Mosquitto, mosquittoIsThere, mosquittosFolder } from '#testing/mosquitto.js';
import { startOwnNode, type TestNode } from '#testing/test-node.js';
import { eventually } from '#testing/until.js';

import { textOf } from './apps.js';
import { readCompose } from './compose.js';
import { type Container, Containers } from './container.js';

if (!mosquittoIsThere) console.warn('skipped: mosquitto is not installed');

const { services, secrets } = readCompose();
const root = mkdtempSync(join(tmpdir(), 'voltrace-apart-'));
const volume = (name: string): string => join(root, 'volumes', name);

/** A service of ours in the Compose file. */
const service = (name: string): Container => {
  const {
    command = [],
    environment = {},
    volumes = [],
    secrets: given = [],
  } = services[name] ?? {};
  const mounted = volumes
    .map((text) => text.split(':'))
    .map(([of = '', at = '']) => [at, volume(of)]);
  const secret = given.map((one) => [`/run/secrets/${one}`, join(root, secrets[one]?.file ?? '')]);
  const mounts = Object.fromEntries([...mounted, ...secret]) as Container['mounts'];
  return { name, words: command, env: environment, mounts };
};

const reason = 'to see it everywhere';
const fileOf = (secret: string): string => join(root, secrets[secret]?.file ?? '');

let database: TestDatabase;
let node: TestNode;
let mosquitto: Mosquitto | undefined;
let containers: Containers;
let namespace: string;
let device: MqttClient | undefined;

const adminKey = (): string => readFileSync(join(volume('data'), 'admin.key'), 'utf8').trim();
const ask = (path: string, json?: object): Promise<Record<string, unknown>> =>
  containers.ask(adminKey(), path, json);
const startAll = async (...names: string[]): Promise<void> => {
  const kafka = { KAFKA_NAMESPACE: namespace };
  for (const name of names) await containers.start(service(name), kafka);
  await Promise.all(names.map((name) => containers.healthy(name)));
};
const writeBrokerFiles = async (): Promise<void> => {
  const app = await containers.start(service('broker-files'));
  const { code } = await app.ended;
  if (code !== 0) throw new Error(app.output);
};
const id = async (path: string, json: object): Promise<string> =>
  String((await ask(path, json))['id']);

describeWithKafka('the services of the Compose file, each by its own command', () => {
  beforeAll(async () => {
    chmodSync(root, 0o711);
    cpSync(join(projectRoot, 'docker', 'prepare.sh'), join(root, 'prepare.sh'));
    execFileSync('sh', [join(root, 'prepare.sh'), '1'], { stdio: 'pipe' });
    for (const name of ['data', 'cycler-sim'])
      mkdirSync(volume(name), { recursive: true, mode: 0o711 });
    mosquittosFolder(volume('mosquitto'));
    const stores = await Promise.all([testDatabase(), startOwnNode(), sharedKafka()]);
    [database, node] = stores;
    writeFileSync(fileOf('database-url'), database.url);
    writeFileSync(fileOf('eventstore-url'), node.url);
    namespace = freshNamespace();
    const addresses: Record<string, string> = { 'kafka:9092': stores[2].brokers };
    containers = new Containers(join(root, 'app'), addresses);
    await startAll('projector', 'api', 'consumers', 'relay', 'cycler-control');
    addresses['api:8080'] = new URL(containers.urlOf('api')).host;
    await writeBrokerFiles();
    const settings = textOf('docker/mosquitto.conf').replaceAll(
      '/mosquitto/voltrace',
      volume('mosquitto'),
    );
    mosquitto = await Mosquitto.withFile(root, (listener) => [
      settings.replace('listener 1883', listener),
    ]);
    addresses['mosquitto:1883'] = `127.0.0.1:${String(mosquitto.port)}`;
    await startAll('mqtt-bridge');
  });
  afterAll(async () => {
    device?.end(true);
    await containers.kill();
    await mosquitto?.kill();
    await node.stop();
    await database.drop();
    rmSync(root, { recursive: true, force: true });
  });

  it('count a product that is registered in every read model, with a code of the consumers', async () => {
    await ask('/manufacturers', { name: 'Juniper Hill Storage', reason });
    const product = await id('/products', {
      type: 'ProdBattery',
      manufacturer: 'Juniper Hill Storage',
      model: 'JH-20.48/A',
      reason,
    });
    await eventually(async () => {
      expect((await ask(`/products/${product}`))['code']).toEqual(expect.any(String));
      const { items } = await ask('/analytics/registry-activity');
      expect(items).toContainEqual(
        expect.objectContaining({ kind: 'product-registered', changes: 1 }),
      );
    });
    const names = [...projections, ...consumers, ...processes].map(({ name }) => name);
    await eventually(async () => {
      const { items } = (await ask('/subscriptions')) as {
        readonly items: readonly Subscription[];
      };
      const busy = items.filter(
        ({ state, lagSeconds, parked }) => state !== 'running' || lagSeconds !== 0 || parked !== 0,
      );
      expect(busy).toEqual([]);
      expect(items.map(({ name }) => name).sort()).toEqual([...names, 'cycler-control'].sort());
    });
  });

  it('take what devices say to Mosquitto, with files of broker-files, also from the simulated unit', async () => {
    const meter = await id('/devices', { type: 'egauge' });
    const unit = await id('/devices', { type: 'cycler' });
    const secretOf = async (of: string) =>
      String((await ask(`/devices/${of}/issue-credential`, {}))['secret']);
    const password = await secretOf(meter);
    writeFileSync(fileOf('unit-secret'), await secretOf(unit));
    await eventually(async () => {
      const { items } = (await ask('/device-credentials')) as {
        readonly items: readonly unknown[];
      };
      expect(items).toHaveLength(2);
    });
    await writeBrokerFiles();
    mosquitto?.signal('SIGHUP');
    device = await eventually(() =>
      connectAsync(mosquitto?.url ?? '', { username: meter, password, reconnectPeriod: 0 }),
    );
    const body = { t: ['2026-05-04T11:00:00Z'], series: { v: { values: [230.5] } } };
    await device.publishAsync(upTopic(meter, 'samples'), envelope(meter, 1, body), { qos: 1 });
    await eventually(async () => {
      const range = 'series=v&from=2026-05-04T00:00:00Z&to=2026-05-05T00:00:00Z';
      expect((await ask(`/devices/${meter}/samples?${range}`))['items']).toMatchObject([
        { value: 230.5 },
      ]);
    });
    await containers.start(service('cycler-sim'), { UNIT_ID: unit });
    await containers.healthy('cycler-sim');
  });

  it('show the metrics that alerts ask for', async () => {
    const supervision = readFileSync(join(volume('data'), 'supervision.key'), 'utf8').trim();
    const auditor = String(
      (await ask('/api-keys', { name: 'prometheus', roles: ['auditor'], reason }))['key'],
    );
    const others = containers.names.filter(
      (name) => !['api', 'broker-files', 'cycler-sim'].includes(name),
    );
    const pages = await Promise.all([
      containers.metricsOf('api', auditor),
      ...others.map((name) => containers.metricsOf(name, supervision)),
    ]);
    const shown = pages.join('\n');
    const asked = textOf('k8s/components/monitoring/rules.yaml').matchAll(
      /voltrace_\w+(?:{[^}]*})?/g,
    );
    // A counter has a line for what was counted already.
    const gauges = [...asked].map(([text]) => text).filter((text) => !text.includes('_total{'));
    expect(gauges.length).toBeGreaterThan(5);
    for (const gauge of gauges)
      expect(shown).toMatch(new RegExp(`^${gauge.replace('}', '[,}]')}`, 'm'));
  });

  it('end with 0 when they are asked to', async () => {
    expect(await containers.stop()).toEqual([]);
  });
});

interface Subscription {
  readonly name: string;
  readonly state: string;
  readonly lagSeconds: number | null;
  readonly parked: number;
}
