import { setTimeout as sleep } from 'node:timers/promises';

import { freePort } from '#embedded/free-port.js';
import { samples, samplesSchema } from '#projections/samples/samples.projection.js';
import type { ApiClient } from '#test/support/client.js';
import { seeded, shuffled } from '#test/support/seeded.js';
import { startVoltrace, type Voltrace } from '#test/support/voltrace.js';
import { mosquittoIsThere } from '#testing/mosquitto.js';
import { until } from '#testing/until.js';

import { logIsSound, tableHashes, wholeLog } from '../checks.js';
import { databaseUrlOf, eventStoreUrlOf, rebuild } from '../operate.js';
import { type RoundSystem, SystemRounds } from '../system-rounds.js';
import { type Broker, embeddedBroker, mosquittoBroker } from './brokers.js';
import { deviceFaults, expected, isVisible, orderFaults } from './compare.js';
import { type Device, Publisher } from './publisher.js';

const devices = 4;
const hourMs = 3_600_000;

interface System extends RoundSystem {
  readonly voltrace: Voltrace;
  readonly mqttPort: number;
}

/**
 * Rounds of devices that send over MQTT while broker, bridge, event node and projector are killed, each twice
 * at a random moment: through the embedded broker where the seed is even, else through Mosquitto; each with devices of its own.
 */
export class MqttRounds {
  /** Rounds that had no Mosquitto. */
  skipped = 0;
  private readonly rounds;

  constructor(dist: string) {
    this.rounds = new SystemRounds(
      () => startSystem(dist),
      (system, seed) => round(system, dist, seed),
    );
  }

  /** As `SystemRounds.run`. */
  run(seed: number): Promise<readonly string[]> {
    if (isEmbedded(seed) || mosquittoIsThere) return this.rounds.run(seed);
    this.skipped += 1;
    console.log('  skipped: mosquitto is not installed');
    return Promise.resolve([]);
  }

  end(): Promise<void> {
    return this.rounds.end();
  }
}

const startSystem = async (dist: string): Promise<System> => {
  const mqttPort = await freePort();
  const limits = { RATE_LIMIT_PER_KEY: '1000000', RATE_LIMIT_PER_ADDRESS: '1000000' };
  const voltrace = await startVoltrace({ dist, env: { MQTT_PORT: String(mqttPort), ...limits } });
  return { voltrace, mqttPort, remove: () => voltrace.remove() };
};

const isEmbedded = (seed: number): boolean => seed % 2 === 0;

const round = async (
  { voltrace, mqttPort }: System,
  dist: string,
  seed: number,
): Promise<readonly string[]> => {
  const { api, dataDir } = voltrace;
  const databaseUrl = databaseUrlOf(dataDir);
  const startsAt = Math.floor(Date.now() / hourMs) * hourMs - 6 * hourMs;
  const publishers: Publisher[] = [];
  for (let n = 0; n < devices; n += 1) {
    publishers.push(new Publisher(await newDevice(api), startsAt, seed * 100 + n));
  }
  const parts = { dist, dataDir, databaseUrl, eventStoreUrl: eventStoreUrlOf(dataDir) };
  const broker = isEmbedded(seed)
    ? embeddedBroker(voltrace, mqttPort)
    : await mosquittoBroker(voltrace, parts, `bridge-${seed}`);
  try {
    const range = { from: startsAt - hourMs, to: startsAt + 48 * hourMs };
    for (const publisher of publishers) await publisher.connect(broker.url);
    await Promise.all(publishers.map((one) => one.open(() => isVisible(api, one, range))));
    const done = await underHarm(broker, publishers, seed);
    const began = performance.now();
    const faults: string[] = [];
    for (const publisher of publishers) faults.push(...(await deviceFaults(api, publisher, range)));
    const log = await wholeLog(api);
    faults.push(...logIsSound(log));
    for (const publisher of publishers) faults.push(...orderFaults(log, publisher));
    faults.push(...(await rebuiltFaults(api, databaseUrl)));
    const sum = (of: (one: Publisher) => number) =>
      publishers.reduce((all, one) => all + of(one), 0);
    console.log(
      `  ${isEmbedded(seed) ? 'embedded broker' : 'Mosquitto'}: ${done.join(', ')}\n` +
        `  ${sum((one) => one.acknowledged.length)} messages acknowledged, ${sum((one) => one.asked)} times asked to send again, ` +
        `${sum((one) => expected(one.acknowledged).size)} samples, ${((performance.now() - began) / 1_000).toFixed(0)} s to compare`,
    );
    return faults;
  } finally {
    for (const publisher of publishers) publisher.end();
    await broker.remove();
  }
};

const newDevice = async (api: ApiClient): Promise<Device> => {
  const made = await api.post('/v1/devices', { type: 'egauge' });
  const id = String(made.body['id']);
  const issued = await api.post(`/v1/devices/${id}/issue-credential`, {});
  await api.persist(`/v1/device-credentials?after=${String(issued.body['position'])}`);
  return { id, secret: String(issued.body['secret']) };
};

const underHarm = async (
  broker: Broker,
  publishers: readonly Publisher[],
  seed: number,
): Promise<readonly string[]> => {
  const random = seeded(seed);
  const over = new AbortController();
  const running = Promise.all(publishers.map((publisher) => publisher.run(over.signal)));
  const done: string[] = [];
  try {
    for (const victim of shuffled(random, [...broker.victims, ...broker.victims])) {
      await sleep(100 + random() * 1_200);
      await until(`somebody to kill: ${victim}`, () => broker.kill(victim));
      done.push(victim);
    }
  } finally {
    over.abort();
    running.catch(() => undefined);
  }
  await running;
  return done;
};

const rebuiltFaults = async (api: ApiClient, databaseUrl: string): Promise<readonly string[]> => {
  const live = await tableHashes(databaseUrl, samplesSchema);
  await rebuild(api, databaseUrl, samples.name);
  const rebuilt = await tableHashes(databaseUrl, samplesSchema);
  return Object.keys({ ...live, ...rebuilt })
    .filter((table) => live[table] !== rebuilt[table])
    .map(
      (table) =>
        `${table}, rebuilt, holds ${rebuilt[table] ?? 'nothing'}, not ${live[table] ?? 'nothing'}`,
    );
};
