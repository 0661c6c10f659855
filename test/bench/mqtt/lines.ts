import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { AppProcess } from '#embedded/app-process.js';
import { freePort } from '#embedded/free-port.js';
import { databaseUrlOf, eventStoreUrlOf } from '#test/faults/operate.js';
import type { Voltrace } from '#test/support/voltrace.js';
import { inheritedEnv } from '#testing/inherited-env.js';
import { until } from '#testing/until.js';

import { devices, lastOf, seriesNames } from './publishers.js';

const pollMs = 100;

/** One way of messages from devices to where they end. */
export interface Line {
  readonly url: string;
  readonly processes: Readonly<Record<string, number>>;
  /** Resolves when everything of a round has arrived. */
  arrived(round: number): Promise<void>;
  stop(): Promise<void>;
}

/** `messages` are those of one device in a round. */
export type Open = (voltrace: Voltrace, dist: string, messages: number) => Promise<Line>;

/** Until the newest sample of each series is the one that was sent last. */
const queryable =
  ({ api }: Voltrace, messages: number): Line['arrived'] =>
  (round) => {
    const last = lastOf(round, messages);
    return until(`the samples of round ${String(round)} are queryable`, async () => {
      await new Promise((resolve) => setTimeout(resolve, pollMs));
      const { body } = await api.get('/v1/latest?limit=1000');
      const items = (body['items'] ?? []) as { at: string }[];
      return items.length === devices * seriesNames.length && items.every(({ at }) => at === last);
    });
  };

const pidsOf = (voltrace: Voltrace, ...names: readonly string[]): Record<string, number> =>
  Object.fromEntries(
    voltrace
      .children()
      .filter(({ name }) => names.includes(name))
      .map(({ name, pid }) => [name, pid]),
  );

export const embedded: Open = (voltrace, _dist, messages) => {
  const { parts } = JSON.parse(readFileSync(join(voltrace.dataDir, 'run.json'), 'utf8')) as {
    parts: Record<string, { port: number }>;
  };
  return Promise.resolve({
    url: `mqtt://127.0.0.1:${String(parts['mqtt-broker']?.port)}`,
    processes: pidsOf(voltrace, 'mqtt-broker', 'event-node', 'postgres', 'projector', 'api'),
    arrived: queryable(voltrace, messages),
    stop: () => Promise.resolve(),
  });
};

export const bridged: Open = async (voltrace, dist, messages) => {
  const mosquitto = await startMosquitto(voltrace.dataDir);
  const bridge = new AppProcess({
    script: join(dist, 'apps/mqtt-bridge/main.js'),
    env: {
      ...{ ...inheritedEnv(), MQTT_URL: mosquitto.url, LOG_LEVEL: 'warn' },
      ...{ DATABASE_URL: databaseUrlOf(voltrace.dataDir) },
      ...{ EVENTSTORE_URL: eventStoreUrlOf(voltrace.dataDir) },
      SUPERVISION_KEY_FILE: join(voltrace.dataDir, 'supervision.key'),
    },
  });
  await bridge.ready;
  return {
    url: mosquitto.url,
    processes: {
      ...{ mosquitto: mosquitto.pid, bridge: bridge.pid },
      ...pidsOf(voltrace, 'event-node', 'postgres', 'projector', 'api'),
    },
    arrived: queryable(voltrace, messages),
    stop: async () => {
      await bridge.stop();
      mosquitto.stop();
    },
  };
};

export const bareAedes: Open = async (_voltrace, dist, messages) => {
  const broker = new AppProcess({
    script: join(dist, 'test/bench/mqtt/bare-broker.js'),
    env: inheritedEnv(),
  });
  const url = `mqtt://127.0.0.1:${String((await broker.ready).port)}`;
  const subscriber = await startSubscriber(dist, url, messages);
  return {
    ...{ url, arrived: subscriber.arrived },
    processes: { broker: broker.pid, subscriber: subscriber.pid },
    stop: async () => {
      await subscriber.stop();
      await broker.stop();
    },
  };
};

export const bareMosquitto: Open = async (voltrace, dist, messages) => {
  const mosquitto = await startMosquitto(voltrace.dataDir);
  const subscriber = await startSubscriber(dist, mosquitto.url, messages);
  return {
    ...{ url: mosquitto.url, arrived: subscriber.arrived },
    processes: { mosquitto: mosquitto.pid, subscriber: subscriber.pid },
    stop: async () => {
      await subscriber.stop();
      mosquitto.stop();
    },
  };
};

const startSubscriber = async (dist: string, url: string, messages: number) => {
  let received = 0;
  const app = new AppProcess({
    script: join(dist, 'test/bench/mqtt/bare-subscriber.js'),
    ...{ env: inheritedEnv(), args: [url, String(messages)] },
    onLine: (line) => (received = Number(line.replace('received ', ''))),
  });
  await app.ready;
  const arrived: Line['arrived'] = (round) =>
    until('the subscriber has it all', () => received >= (round + 1) * devices * messages);
  return { pid: app.pid, arrived, stop: () => app.stop() };
};

const startMosquitto = async (folder: string) => {
  const port = await freePort();
  const file = join(folder, `mosquitto-${String(port)}.conf`);
  writeFileSync(
    file,
    `listener ${String(port)} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 1000\nmax_queued_messages 0\nuser root\n`,
  );
  const child = spawn('mosquitto', ['-c', file], { stdio: 'ignore' });
  const url = `mqtt://127.0.0.1:${String(port)}`;
  return { url, pid: child.pid ?? 0, stop: () => child.kill() };
};
