import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { handleCommand } from '#event-log/handle-command.js';
import { States } from '#event-log/states.js';
import { occurrenceDecider } from '#telemetry/occurrence/decider.js';
import { occurrenceIdOf } from '#telemetry/occurrence/events.js';
import { commandMeta } from '#testing/decider-spec.js';

import type { Answer } from './api.fixture.js';
import { type Body, SamplesApi } from './samples.fixture.js';

import 'reflect-metadata';

const day = '2026-05-04';
const held = { unit: 'kW', interpolation: 'hold', intervalMs: 60_000 };
let api: SamplesApi;
let log: EsdbEventLog;
let egauge: string;
let visible = '0';

beforeAll(async () => {
  api = await SamplesApi.start();
  log = EsdbEventLog.connect(api.api.node.url);
  egauge = await api.device('egauge');
  for (const series of ['Grid', 'Load']) await api.declare(egauge, series, held);
  await api.declare(egauge, 'State', { valueType: 'text', kind: 'text' });
  visible = await api.record(egauge, {
    ...{ t0: `${day}T00:00:00Z`, dt: 60_000 },
    series: { Grid: { values: [-4, 2, -4, 2] }, Load: { values: [1, 1, 1, null] } },
  });
}, 60_000);
afterAll(async () => {
  await log.close();
  await api.stop();
});

const define = (name: string, expression: string, more: object = {}): Promise<Answer> =>
  api.post(`/sites/${api.site}/formulas/${name}/define`, { expression, ...more });

interface Answered extends Body {
  readonly buckets: readonly Readonly<Record<string, number | string | null>>[];
}

const read = async (name: string, more = ''): Promise<Answered> => {
  const range = `from=${day}T00:00:00Z&to=${day}T00:04:00Z&bucket=4m`;
  const path = `/sites/${api.site}/formulas/${name}/samples?${range}&after=${visible}${more}`;
  return (await api.get(path)) as Answered;
};

const reasonOf = ({ body }: Answer): unknown[] => [
  body['code'],
  (body['errors'] as { reason: string }[] | undefined)?.[0]?.reason,
];

describe('a formula', () => {
  it('is computed from samples before it is aggregated, by the version that is wanted', async () => {
    await define('import', 'pos(egauge.Grid)');
    // The mean of the positive parts; the positive part of the mean would be 0.
    expect(await read('import')).toMatchObject({
      ...{ version: 1, unit: 'kW' },
      buckets: [{ twa: 1, coverage: 1 }],
    });
    await define('import', 'pos(egauge.Grid) * 3');
    expect(await read('import')).toMatchObject({ version: 2, buckets: [{ twa: 3 }] });
    expect(await read('import', '&version=1')).toMatchObject({ version: 1, buckets: [{ twa: 1 }] });
    expect((await read('import', '&version=3'))['code']).toBe('FORMULA_UNKNOWN');
  });

  it('takes other formulas for what they are, and knows nothing where one of its series is not known', async () => {
    await define('taken', 'pos(egauge.Grid) * 3');
    await define('net', 'analytics.taken - egauge.Load');
    expect(await read('net')).toMatchObject({
      buckets: [{ twa: (-1 + 5 - 1) / 3, coverage: 0.75 }],
    });
  });

  it('can speak of periods', async () => {
    await define('paired', 'avg(egauge.Grid, 120000)');
    await define('energy_in', 'integral(pos(egauge.Grid), 120000)');
    expect(await read('paired', '&fn=first,count')).toMatchObject({
      ...{ unit: 'kW', buckets: [{ first: -1, count: 2 }] },
    });
    // 2 kW for a minute, in each of two periods.
    expect(await read('energy_in', '&fn=sum,count')).toMatchObject({
      ...{ unit: 'kWh', buckets: [{ sum: 4 / 60, count: 2 }] },
    });
  });

  it('adds up and counts what happened', async () => {
    const car = await api.device('car');
    const states = new States(log, occurrenceDecider);
    const happened = async (at: string, kind: string, details: Body): Promise<void> => {
      const data = { device: car, kind, at: `${day}T${at}Z`, details };
      const meta = commandMeta({ commandId: `${kind} ${at}` });
      const command = { type: 'RecordOccurrence', data, meta } as const;
      const { position } = await handleCommand(log, states, occurrenceIdOf(data), command);
      visible = String(position?.commit);
    };
    await happened('00:00:10.000', 'EV_START_CHARGING', {});
    await happened('00:01:10.000', 'EV_END_CHARGING', { energy: 40, text: 'x' });
    await happened('00:03:10.000', 'EV_END_CHARGING', { energy: 2 });
    await happened('00:05:10.000', 'EV_END_CHARGING', { energy: 1000 });
    await define('energy', 'events.car::EV_END_CHARGING.energy');
    await define('all', 'events.::');
    await define('none', 'events.egauge::EV_END_CHARGING.energy');
    expect((await read('energy', '&fn=sum,count,coverage')).buckets).toMatchObject([
      { sum: 42, count: 2, coverage: 0 },
    ]);
    expect((await read('all', '&fn=count')).buckets).toMatchObject([{ count: 3 }]);
    expect((await read('none', '&fn=sum,count')).buckets).toMatchObject([{ sum: null, count: 0 }]);
    expect(reasonOf(await define('other', 'events.bike::X'))).toEqual([
      ...['FORMULA_NAME_UNKNOWN', 'at character 1: expected a device of the site, and not bike'],
    ]);
  });

  it('is exported', async () => {
    await define('exported', 'egauge.Grid');
    const range = `from=${day}T00:00:00Z&to=${day}T00:04:00Z&bucket=2m&fn=min,max&format=csv`;
    const path = `/v1/sites/${api.site}/formulas/exported/samples?${range}`;
    const lines = (await (await api.api.raw(path)).text()).trim().split('\r\n');
    expect(lines).toEqual([
      'series,unit,start,end,min,max,coverage,filled,overflowed',
      `exported,kW,${day}T00:00:00.000Z,${day}T00:02:00.000Z,-4,2,1,,`,
      `exported,kW,${day}T00:02:00.000Z,${day}T00:04:00.000Z,-4,2,1,,`,
    ]);
  });
});

describe('a formula is refused', () => {
  it.each([
    ['1 + sonnen.Load', 'FORMULA_NAME_UNKNOWN', 'at character 5: expected a device of the site'],
    ['egauge.Wind', 'FORMULA_NAME_UNKNOWN', 'expected a series of egauge, and not Wind'],
    ['egauge.State', 'FORMULA_NAME_UNKNOWN', 'expected numbers, and not the texts of State'],
    ['analytics.nothing', 'FORMULA_NAME_UNKNOWN', 'expected a formula of the site'],
    ['events.car.EV_END', 'FORMULA_NAME_UNKNOWN', 'expected events.<device>::<kind>, and not'],
    ['analytics.self', 'FORMULA_CYCLE', 'expected a formula that does not need this one'],
    ['integral(egauge.Grid, 60000) + egauge.Load', 'UNIT_MISMATCH', 'and not kWh and kW'],
  ])('that says %s: %s', async (expression, code, reason) => {
    const [refused, why] = reasonOf(await define('self', expression));
    expect(refused).toBe(code);
    expect(why).toContain(reason);
  });

  it('that grows too large by those that it names', async () => {
    await define('g0', 'egauge.Grid + egauge.Grid');
    let last: Answer | undefined;
    for (let at = 1; at < 12 && last?.status !== 422; at += 1)
      last = await define(
        `g${String(at)}`,
        `analytics.g${String(at - 1)} + analytics.g${String(at - 1)}`,
      );
    expect(last && reasonOf(last)).toEqual([
      ...['FORMULA_INVALID', 'expected at most 2000 numbers, series and functions'],
    ]);
  });

  it('whose unit is another one than it gives, be it through another formula', async () => {
    const ofUnit = (unit: string) => define('power', 'egauge.Grid', { unit });
    expect(reasonOf(await ofUnit('kWh'))).toEqual(['UNIT_MISMATCH', 'expected kW']);
    await define('watts', 'egauge.Grid * 1000', { unit: 'W' });
    expect(reasonOf(await define('mixed', 'analytics.watts + egauge.Load'))[1]).toContain(
      'and not W and kW',
    );
  });
});

it('as it was known: formulas, names, samples, corrections and occurrences of that time', async () => {
  const meter = await api.device('meter');
  await api.declare(meter, 'P', held);
  const from = { t0: `${day}T00:00:00Z`, dt: 60_000 };
  await api.record(meter, { ...from, series: { P: { values: [1, null, 1, 1] } } });
  await define('inner', 'meter.P');
  await define('outer', 'analytics.inner * 2');
  const then = await api.post(`/sites/${api.site}/describe`, { description: 'A mark in the log' });
  const at = String(then.body['position']);
  // A late sample, a correction twice, one that takes a sample away, another formula inside, another name.
  await api.record(meter, { t0: `${day}T00:01:00Z`, t: [0], series: { P: { values: [98] } } });
  const correct = (time: string, value: number | null) =>
    api.post(`/devices/${meter}/correct-sample`, {
      ...{ series: 'P', at: `${day}T${time}Z`, value, reason: 'the meter was misread' },
    });
  for (const value of [7, 9]) api.expectOk(await correct('00:00:00', value));
  api.expectOk(await correct('00:02:00', null));
  await define('inner', 'meter.P * 10');
  const renamed = await api.post(`/devices/${meter}/rename`, { name: 'old_meter' });
  visible = String(renamed.body['position']);
  const average = ((9 + 98 + 1) / 3) * 10;
  expect(await read('outer', '&fn=avg,count')).toMatchObject({
    buckets: [{ avg: average * 2, count: 3 }],
  });
  // Also where another device has the former name: the formula means the one that it was defined with.
  const other = await api.device('meter');
  const inner = { expression: 'old_meter.P * 10', buckets: [{ avg: average }] };
  expect(await read('inner', '&fn=avg')).toMatchObject(inner);
  expect(await api.get(`/sites/${api.site}/formulas/inner`)).toMatchObject({
    versions: [{ expression: 'old_meter.P' }, { expression: 'old_meter.P * 10' }],
  });
  // The device is gone, and the other one that has its name has no such series.
  const retired = await api.post(`/devices/${meter}/retire`, {});
  api.expectOk(retired);
  visible = String(retired.body['position']);
  const broken = await read('inner');
  expect(broken['detail']).toContain('inner cannot be computed');
  expect(broken['detail']).toContain('expected a series of meter, and not P');
  expect(broken['errors']).toBeUndefined();
  visible = await api.declare(other, 'P', held);
  expect(await read('inner')).toMatchObject({ expression: 'meter.P * 10' });
  const past = await read('outer', `&fn=avg,count&asOf=@${at}`);
  expect(past).toMatchObject({ asOf: at, series: ['meter.P'], buckets: [{ avg: 2, count: 3 }] });
  expect((await read('outer', '&asOf=@1'))['code']).toBe('FORMULA_UNKNOWN');
});

it.each([
  [{ value: 'x' }, 'SAMPLE_INVALID', 'expected a number, or null'],
  [{ value: true }, 'SAMPLE_INVALID', 'expected a number, or null'],
  [{ value: [] }, 'BODY_INVALID', 'expected a number, true or false, a text or null'],
  [{}, 'BODY_INVALID', 'expected a number, true or false, a text or null'],
  [{ value: 1, at: 'noon' }, 'BODY_INVALID', 'expected an ISO 8601 time'],
  [{ value: 1, at: '2206-05-04T00:00:00Z' }, 'SAMPLE_INVALID', 'more than a day ahead'],
  [{ value: 1, reason: undefined }, 'BODY_INVALID', ''],
  [{ value: 1, series: 'Wind' }, 'SERIES_UNKNOWN', undefined],
])('a correction is refused: %j', async (given, code, reason) => {
  const body = { series: 'Grid', at: `${day}T00:00:00Z`, reason: 'misread', ...given };
  const refused = reasonOf(await api.post(`/devices/${egauge}/correct-sample`, body));
  expect(refused[0]).toBe(code);
  if (reason) expect(refused[1]).toContain(reason);
});
