import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { AppProcess } from '#embedded/app-process.js';
import { databaseUrlOf } from '#test/faults/operate.js';
import type { ApiClient } from '#test/support/client.js';
import { startVoltrace } from '#test/support/voltrace.js';

import { type LoadResult, runLoad } from './load.js';
import { median, type Row } from './report.js';

const products = 256;
const connections = 64;
const seconds = 6;
const repeats = 3;

/** Durable changes per second over HTTP, against the same framework writing rows, in turn on one Postgres. */
export const benchCommand = async (dist: string): Promise<Row[]> => {
  const voltrace = await startVoltrace({
    dist,
    env: { RATE_LIMIT_PER_KEY: '100000000', RATE_LIMIT_PER_ADDRESS: '100000000' },
  });
  const baseline = new AppProcess({
    script: join(dist, 'test/bench/baseline-app.js'),
    env: { PATH: process.env['PATH'], DATABASE_URL: databaseUrlOf(voltrace.dataDir) },
  });
  try {
    const { url = '' } = await baseline.ready;
    const ids = await registerProducts(voltrace.api);
    const ours: LoadResult[] = [];
    const insert: LoadResult[] = [];
    const audit: LoadResult[] = [];
    for (let n = 0; n < repeats; n += 1) {
      ours.push(await load(voltrace.api.url, voltrace.api.key, ids, 'set-elements'));
      insert.push(await load(url, 'none', ids, 'insert'));
      audit.push(await load(url, 'none', ids, 'audit'));
    }
    const perSecond = (runs: readonly LoadResult[]) => median(runs.map((run) => run.perSecond));
    const p99 = median(ours.map((run) => run.p99Ms));
    const failed = [...ours, ...insert, ...audit].filter((run) => run.failed > 0);
    if (failed.length > 0) {
      throw new Error(`requests failed: ${failed.map((run) => run.statuses).join(' ')}`);
    }
    const measured = `${perSecond(ours).toFixed(0)} commands/s`;
    const compare = (path: string, peer: number, target: number): Row => ({
      path,
      measured,
      peer: `${peer.toFixed(0)} requests/s`,
      ratio: perSecond(ours) / peer,
      target: `>= ${target}`,
      met: perSecond(ours) / peer >= target,
    });
    return [
      compare('command against INSERT', perSecond(insert), 1.5),
      compare('command against INSERT and audit row', perSecond(audit), 3),
      { path: 'command p99', measured: `${p99} ms`, target: '< 50 ms', met: p99 < 50 },
    ];
  } finally {
    await baseline.stop();
    await voltrace.remove();
  }
};

const registerProducts = async (api: ApiClient): Promise<string[]> => {
  await api.post('/v1/manufacturers', { name: 'Bench Works', code: 'BENCH', reason: 'bench' });
  const ids: string[] = [];
  for (let n = 0; n < products; n += 1) {
    const reply = await api.post('/v1/products', {
      type: 'ProdBattery',
      manufacturer: 'Bench Works',
      model: `BX-${n}`,
      elements: {},
      reason: 'bench',
    });
    if (reply.status !== 201)
      throw new Error(`registering answered ${reply.status}: ${reply.text}`);
    ids.push(String(reply.body['id']));
  }
  return ids;
};

let changes = 0;
const load = (url: string, key: string, ids: readonly string[], verb: string) =>
  runLoad({
    url,
    connections,
    seconds,
    headers: { authorization: `Bearer ${key}` },
    next: () => {
      changes += 1;
      return {
        path: `/v1/products/${ids[changes % ids.length] ?? randomUUID()}/${verb}`,
        body: JSON.stringify({
          elements: { EnergyCapacityNominal: { value: `${changes}.5`, unit: 'kWh' } },
          reason: 'bench',
        }),
      };
    },
  });
