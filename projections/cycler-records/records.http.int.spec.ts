import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ResourceReader } from '#resource/reader.js';
import { type Answer, ResourceApp } from '#resource/test/resource-app.js';

import { RecordsController } from './records.http.js';
import {
  experimentFact,
  queued,
  recorded,
  RecordsDatabase,
  recordsOfSteps,
} from './records-database.fixture.js';
import { StatisticsController } from './statistics.http.js';

let database: RecordsDatabase;
let app: ResourceApp;

const records = recordsOfSteps(
  [1, 2].flatMap((cycle) => [
    { currentA: 1, seconds: 100, cycle },
    { currentA: -1, seconds: 90, cycle },
  ]),
);
const chunk = (from: number, to: number) => {
  const some = records.slice(from, to);
  return recorded('e1', some, { cell1V: some.map((_, at) => 3.4 + (from + at) / 1_000) });
};

beforeAll(async () => {
  database = await RecordsDatabase.create();
  const reader = new ResourceReader(database.store, {} as never, () => Promise.resolve(new Map()));
  app = await ResourceApp.start(reader, {
    controllers: [RecordsController, StatisticsController],
  });
  await database.take([
    queued('e1'),
    // A change of steps lies between two chunks, and some records come again.
    chunk(0, 11),
    chunk(11, 30),
    chunk(20, records.length),
    experimentFact('e1', 'ExperimentCompleted'),
    queued('e2'),
    recorded('e3', records),
  ]);
});
afterAll(async () => {
  await app.stop();
  await database.stop();
});

type Rows = readonly Readonly<Record<string, unknown>>[];

const get = (path: string): Promise<Answer> => app.get(`/v1/experiments/${path}`);
const items = async (path: string): Promise<Rows> => (await get(path)).body['items'] as Rows;

describe('the records of an experiment', () => {
  it('come in the order of the test time, each once', async () => {
    const { status, body } = await get('e2/records');
    expect([status, body]).toEqual([200, { items: [], nextCursor: null }]);
    const found = await items('e1/records');
    expect(found.map(({ testTimeS, stepCount }) => [testTimeS, stepCount])).toEqual(
      records.map(({ testTimeS, stepCount }) => [testTimeS, stepCount]),
    );
    expect(found[0]).toEqual({
      ...{ testTimeS: 0, at: '2026-05-04T11:00:00.000Z', voltageV: 3.6, currentA: 1 },
      ...{ stepCount: 1, stepId: 1, cycle: 1, temperatureC: 25 },
      ...{ stepTimeS: null, chargeAh: null, dischargeAh: null, channels: { cell1V: 3.4 } },
    });
  });

  it.each([1, 2, 3, 7])('come in pages of %d, though two are of one test time', async (limit) => {
    const all = await items('e1/records');
    const found: unknown[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await get(`e1/records?limit=${limit}${cursor && `&cursor=${cursor}`}`);
      found.push(...(body['items'] as Rows));
      cursor = body['nextCursor'] as string | null;
    }
    expect(found).toEqual(all);
  });

  it('are those of a time, of a cycle and of a step', async () => {
    const times = async (query: string) =>
      (await items(`e1/records?${query}`)).map(({ testTimeS }) => testTimeS);
    expect(await times('from=95&to=120.5')).toEqual([100, 100, 110, 120]);
    expect(await times('step=2&to=110')).toEqual([100, 110]);
    expect((await times('cycle=1')).at(-1)).toBe(190);
    expect((await times('cycle=2'))[0]).toBe(190);
    expect(await times('cycle=2&step=1')).toEqual([]);
    expect(await times('cycle=9')).toEqual([]);
  });

  it.each([
    ['e1/records?from=5&to=4', '?to'],
    ['e1/records?from=yesterday', '?from'],
    ['e1/records?step=-1', '?step'],
    ['e1/records?cursor=abc', '?cursor'],
    ['e1/cycles?step=1', '?step'],
  ])('refuse %s, and name it', async (path, pointer) => {
    const { status, body } = await get(path);
    expect([status, (body['errors'] as Rows)[0]?.['pointer']]).toEqual([400, pointer]);
  });

  it('are of no experiment that is not known', async () => {
    for (const path of ['e3/records', 'e9/records', 'e9/cycles', 'e9/step-statistics']) {
      expect((await get(path)).body['code']).toBe('EXPERIMENT_UNKNOWN');
    }
  });
});

describe('the statistics of an experiment', () => {
  it('are listed by cycle and by step', async () => {
    expect(await items('e1/cycles')).toMatchObject([
      {
        ...{ cycle: 1, ended: true, partial: [], startS: 0, endS: 190 },
        ...{ startedAt: '2026-05-04T11:00:00.000Z', chargeAh: expect.closeTo(100 / 3600) },
        ...{ coulombicEfficiency: expect.closeTo(0.9), capacityRetention: 1 },
      },
      { cycle: 2, ended: true, firstStepCount: 3, lastStepCount: 4 },
    ]);
    expect(await items('e1/step-statistics?cycle=2')).toMatchObject([
      { stepCount: 3, kind: 'charge' },
      { stepCount: 4, kind: 'discharge', dischargeAh: expect.closeTo(90 / 3600) },
    ]);
    expect(await items('e1/step-statistics?step=1')).toHaveLength(1);
  });

  it('are exported with units in the names of the columns', async () => {
    const { text } = await get('e1/cycles?format=csv');
    const [header, first] = text.split('\r\n');
    expect(header).toMatch(/^cycle,ended,begins,first_step_count,.*charge_ah,.*partial,/);
    expect(first).toMatch(/^1,true,charge,1,2,/);
    expect((await get('e1/step-statistics?format=ndjson')).text.split('\n')).toHaveLength(5);
  });
});
