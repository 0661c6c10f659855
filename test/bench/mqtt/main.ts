import { spawnSync } from 'node:child_process';

import type { ApiClient, Reply } from '#test/support/client.js';
import { startVoltrace } from '#test/support/voltrace.js';

import { withCpu } from '../cpu.js';
import type { Row } from '../report.js';
import { bareAedes, bareMosquitto, bridged, embedded, type Line, type Open } from './lines.js';
import { type Device, devices, Publishers } from './publishers.js';

const rounds = 3;

interface Round {
  readonly perSecond: number;
  readonly cpu: string;
}

/** Messages at QoS 1 from devices until they are queryable, against the same client over the same broker to a subscriber that does nothing. */
export const benchMqtt = async (dist: string, count: number): Promise<Row[]> => {
  const messages = Math.ceil(count / devices);
  const rows = [await compare(dist, 'the embedded broker', messages, embedded, bareAedes)];
  if (spawnSync('mosquitto', ['-h']).error) {
    console.log('skipped: mosquitto is not installed');
    return rows;
  }
  return [
    ...rows,
    await compare(dist, 'Mosquitto and the bridge', messages, bridged, bareMosquitto),
  ];
};

const compare = async (
  dist: string,
  name: string,
  messages: number,
  ours: Open,
  bare: Open,
): Promise<Row> => {
  const voltrace = await startVoltrace({
    dist,
    env: {
      ...{ RATE_LIMIT_PER_KEY: '100000000', RATE_LIMIT_PER_ADDRESS: '100000000' },
      MQTT_MESSAGES_PER_SECOND: '1000000',
    },
  });
  const lines: Line[] = [];
  try {
    const known = await register(voltrace.api);
    for (const open of [ours, bare]) lines.push(await open(voltrace, dist, messages));
    const measured: Round[][] = lines.map(() => []);
    const publishers: Publishers[] = [];
    for (const { url } of lines) publishers.push(await Publishers.connect(url, known));
    // In turn, so that what else the machine does is the same for both.
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, line] of lines.entries()) {
        const send = publishers[index]?.round(round, messages);
        if (send) measured[index]?.push(await runRound(line, send, round, messages));
      }
    }
    for (const one of publishers) await one.close();
    const [own = [], peer = []] = measured;
    const ratios = own.map(({ perSecond }, round) => perSecond / (peer[round]?.perSecond ?? NaN));
    const middle = [...ratios.keys()].sort((a, b) => (ratios[a] ?? 0) - (ratios[b] ?? 0))[1] ?? 0;
    const shown = (round: Round | undefined) =>
      `${Math.round(round?.perSecond ?? 0).toLocaleString('en')}/s (CPU: ${round?.cpu ?? ''})`;
    const ratio = ratios[middle] ?? 0;
    return {
      path: `messages by ${name}`,
      ...{ measured: shown(own[middle]), peer: shown(peer[middle]) },
      ...{ ratio, target: '>= 0.5', met: ratio >= 0.5 },
    };
  } finally {
    for (const line of lines) await line.stop();
    await voltrace.remove();
  }
};

const runRound = async (
  line: Line,
  send: () => Promise<void>,
  round: number,
  messages: number,
): Promise<Round> => {
  const { result, cpu } = await withCpu({ ...line.processes, publisher: process.pid }, async () => {
    const began = performance.now();
    await send();
    await line.arrived(round);
    return performance.now() - began;
  });
  return { perSecond: (devices * messages * 1_000) / result, cpu };
};

const register = async (api: ApiClient): Promise<readonly Device[]> => {
  const known: Device[] = [];
  for (let index = 0; index < devices; index += 1) {
    const { body } = accepted(await api.post('/v1/devices', { type: 'egauge' }));
    const id = String(body['id']);
    const issued = accepted(await api.post(`/v1/devices/${id}/issue-credential`, {}));
    known.push({ id, secret: String(issued.body['secret']) });
  }
  return known;
};

const accepted = (reply: Reply): Reply => {
  if (reply.status < 300) return reply;
  throw new Error(`answered ${String(reply.status)}: ${reply.text}`);
};
