import { Global, Module } from '@nestjs/common';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { handleCommand } from '#event-log/handle-command.js';
import { claimKey } from '#event-log/key/claim-key.js';
import { States } from '#event-log/states.js';
import type { Refusal } from '#kernel/refusal.js';
import { ResourceReader } from '#resource/reader.js';
import { ResourceApp } from '#resource/test/resource-app.js';
import { deviceDecider, deviceNameKey } from '#telemetry/device/decider.js';
import { formulaIdOf, Formulas } from '#telemetry/formula/formulas.js';
import { seriesDecider } from '#telemetry/series/decider.js';
import { commandMeta } from '#testing/decider-spec.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { FormulaSamplesController } from './formula-samples.http.js';
import { Readings } from './readings.fixture.js';

let node: TestNode;
let log: EsdbEventLog;
let readings: Readings;
let app: ResourceApp;
let formulas: Formulas;

@Global()
@Module({
  providers: [{ provide: EsdbEventLog, useFactory: () => log }],
  exports: [EsdbEventLog],
})
class LogModule {}

const site = '0a5f0f59-6a51-5f50-8a6e-9a0f6f3f7b11';
const device = '4b0d3a52-7ad4-5c1b-9f1e-7f2b6a1e8c90';
const start = Date.parse('2026-05-04T00:00:00Z');
const minute = 60_000;

const define = async (name: string, expression: string): Promise<void> => {
  await formulas.resolve(site, expression, [name]);
  const data = { siteId: site, name, expression, unit: 'kW', description: '' };
  const command = {
    type: 'DefineFormula',
    data,
    meta: commandMeta({ commandId: expression }),
  } as const;
  await handleCommand(log, formulas.states, formulaIdOf(site, name), command);
};

beforeAll(async () => {
  node = await startTestNode();
  log = EsdbEventLog.connect(node.url);
  formulas = new Formulas(log);
  readings = await Readings.create();
  const devices = new States(log, deviceDecider);
  const meta = commandMeta({ commandId: 'device' });
  await claimKey(log, devices, deviceNameKey(site, 'egauge'), device, meta);
  const place = { siteId: site, name: 'egauge', at: '2026-01-01T00:00:00.000Z' };
  const data = { type: 'egauge', serialNumber: null, productId: null, place };
  await handleCommand(log, devices, device, { type: 'RegisterDevice', data, meta });
  const learnt = ['Grid', 'Load'].map(
    (series) => ({ series, valueType: 'number', unit: 'kW' }) as const,
  );
  await handleCommand(log, new States(log, seriesDecider), device, {
    ...{ type: 'LearnSeries', data: { learnt }, meta: commandMeta({ commandId: 'series' }) },
  });
  await readings.add(device, 'Grid', { interval_ms: minute }, [
    ...[-4, 2, -4, 2].map((value, index) => [start + index * minute, value] as const),
  ]);
  await readings.add(device, 'Load', { interval_ms: minute }, [
    ...[1, 1, 1].map((value, index) => [start + index * minute, value] as const),
  ]);
  const reader = new ResourceReader(readings.database.store, log, () => Promise.resolve(new Map()));
  app = await ResourceApp.start(reader, {
    imports: [LogModule],
    controllers: [FormulaSamplesController],
  });
});
afterAll(async () => {
  await app.stop();
  await readings.database.stop();
  await log.close();
  await node.stop();
});

const read = async (name: string, query = '') =>
  (
    await app.get(
      `/v1/sites/${site}/formulas/${name}/samples?from=2026-05-04T00:00:00Z&to=2026-05-04T00:04:00Z&bucket=4m${query}`,
    )
  ).body as { buckets: { twa: number; coverage: number }[]; version: number; code: string };

it('is computed from samples before it is aggregated, by the version that is wanted', async () => {
  await define('import', 'pos(egauge.Grid)');
  // The mean of the positive parts; the positive part of the mean would be 0.
  expect(await read('import')).toMatchObject({ version: 1, buckets: [{ twa: 1, coverage: 1 }] });
  await define('import', 'pos(egauge.Grid) * 3');
  expect(await read('import')).toMatchObject({ version: 2, buckets: [{ twa: 3 }] });
  expect(await read('import', '&version=1')).toMatchObject({ version: 1, buckets: [{ twa: 1 }] });
  expect((await read('import', '&version=3')).code).toBe('FORMULA_UNKNOWN');
});

it('takes other formulas for what they are, and knows nothing where one of its series is not known', async () => {
  await define('net', 'analytics.import - egauge.Load');
  expect(await read('net')).toMatchObject({ buckets: [{ twa: (-1 + 5 - 1) / 3, coverage: 0.75 }] });
});

it('is refused where it names what is not there, or itself', async () => {
  const refused = async (expression: string, name = 'other') => {
    const refusal = await formulas
      .resolve(site, expression, [name])
      .catch((error: unknown) => error);
    const { code, details } = refusal as Refusal;
    return [code, details.errors?.[0]?.reason];
  };
  expect(await refused('1 + sonnen.Load')).toEqual([
    ...['FORMULA_NAME_UNKNOWN', 'at character 5: expected a device of the site, and not sonnen'],
  ]);
  expect(await refused('egauge.Wind')).toEqual([
    ...['FORMULA_NAME_UNKNOWN', 'at character 1: expected a series of egauge, and not Wind'],
  ]);
  expect((await refused('analytics.net', 'import'))[0]).toBe('FORMULA_CYCLE');
  expect((await refused('analytics.other'))[0]).toBe('FORMULA_CYCLE');
});
