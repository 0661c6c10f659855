import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { batteryEvents, batteryStream } from '#battery-lab/battery/events.js';
import { cyclerDeviceEvents, cyclerDeviceStream } from '#battery-lab/device/events.js';
import { experimentEvents, experimentStream } from '#battery-lab/experiment/events.js';
import { bdfRows } from '#battery-lab/file/bdf-writer.js';
import { profileEvents, profileStream } from '#battery-lab/profile/events.js';
import { exampleEvents } from '#kernel/event-types.js';
import { appendAll } from '#projections/product-catalog/story.fixture.js';
import { ResourceReader } from '#resource/reader.js';
import { type Answer, ResourceApp } from '#resource/test/resource-app.js';
import { Fixture } from '#subscription/projection/test/fixture.js';
import { EventStory } from '#testing/event-story.js';

import { RecordsController } from './records.http.js';
import {
  experimentFact,
  queued,
  recorded,
  RecordsDatabase,
  recordsOfSteps,
} from './records-database.fixture.js';
import { StatisticsController } from './statistics.http.js';

let fixture: Fixture;
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

const experiment = exampleEvents(experimentEvents);
const { BatteryRegistered: battery } = exampleEvents(batteryEvents);
const { batteryId, profileId } = experiment.ExperimentQueued.data;
const device = exampleEvents(cyclerDeviceEvents);
const { deviceId } = experiment.ExperimentAssigned.data.devices[0]!;
const calibration = {
  ...device.CyclerDeviceCalibrated,
  data: {
    ...device.CyclerDeviceCalibrated.data,
    ...{ calibratedOn: '2026-01-01', validUntil: '2027-01-01' },
  },
};
/** An experiment in the log, with its battery, device and profile. */
const things = new EventStory()
  .add(batteryStream(batteryId), { ...battery, data: { ...battery.data, activeMassG: 40 } })
  .add(profileStream(profileId), exampleEvents(profileEvents).ProfileDefined)
  .add(cyclerDeviceStream(deviceId), device.CyclerDeviceRegistered)
  .add(cyclerDeviceStream(deviceId), calibration)
  .add(experimentStream('e1'), experiment.ExperimentQueued)
  .add(experimentStream('e1'), experiment.ExperimentAssigned)
  .add(experimentStream('e1'), experiment.ExperimentStarted)
  .add(experimentStream('e1'), experiment.ExperimentCompleted)
  // Later than the experiment: it does not change what was true of it.
  .add(cyclerDeviceStream(deviceId), {
    ...device.CyclerDeviceSeen,
    data: { ...device.CyclerDeviceSeen.data, firmware: '99' },
  });

beforeAll(async () => {
  fixture = await Fixture.start();
  const { store, log, tail } = fixture;
  const reader = new ResourceReader(store, log, tail, () => Promise.resolve(new Map()));
  app = await ResourceApp.start(reader, {
    controllers: [RecordsController, StatisticsController],
  });
  await new RecordsDatabase(store).take([
    queued('e1'),
    // A change of steps lies between two chunks, and some records come again.
    chunk(0, 11),
    chunk(11, 30),
    chunk(20, records.length),
    experimentFact('e1', 'ExperimentCompleted'),
    queued('e2'),
    recorded('e3', records),
  ]);
  await appendAll(log, things.events);
});
afterAll(async () => {
  await app.stop();
  await fixture.stop();
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

  it('say capacities by the active mass of the battery, where it is known', async () => {
    const specific = {
      specificChargeMahPerG: expect.closeTo(100 / 3.6 / 40),
      specificDischargeMahPerG: expect.closeTo(90 / 3.6 / 40),
    };
    expect(await items('e1/cycles?cycle=1')).toMatchObject([specific]);
    expect(await items('e1/cycles?electrode=anode&limit=1')).toMatchObject([specific]);
    expect((await get('e1/cycles?format=csv')).text).toContain(',specific_charge_mah_per_g,');
  });

  it('are exported with units in the names of the columns', async () => {
    const { text } = await get('e1/cycles?format=csv');
    const [header, first] = text.split('\r\n');
    expect(header).toMatch(/^cycle,ended,begins,first_step_count,.*charge_ah,.*partial,/);
    expect(first).toMatch(/^1,true,charge,1,2,/);
    expect((await get('e1/step-statistics?format=ndjson')).text.split('\n')).toHaveLength(5);
  });
});

describe('the records of an experiment as a file', () => {
  it('are CSV with units in the names and a column for each channel, and lines of JSON', async () => {
    const { text, headers } = await get('e1/records?format=csv&cycle=1');
    const lines = text.split('\r\n');
    expect(lines.slice(0, 2)).toEqual([
      'test_time_s,at,voltage_v,current_a,step_count,step_id,cycle,temperature_c,step_time_s,charge_ah,discharge_ah,cell1V',
      '0,2026-05-04T11:00:00.000Z,3.6,1,1,1,1,25,,,,3.4',
    ]);
    expect(lines).toHaveLength(1 + 21 + 1);
    expect(headers['content-disposition']).toBe(
      'attachment; filename="voltrace__K2-016__20260504_e1.csv"',
    );
    const ndjson = await app.get('/v1/experiments/e1/records', { accept: 'application/x-ndjson' });
    expect(ndjson.text.trim().split('\n')).toHaveLength(records.length);
    const parquet = (await get('e1/records?format=parquet')).text;
    expect([parquet.slice(0, 4), parquet.slice(-4)]).toEqual(['PAR1', 'PAR1']);
    expect(parquet).toContain('"serialNumber":"K2-016"');
  });

  it('are CSV of the Battery Data Format', async () => {
    const { text, headers } = await get('e1/records?format=bdf');
    const shown = (await items('e1/records')).map(({ at }) => Date.parse(String(at)));
    const rows = bdfRows(records.map((one, row) => ({ ...one, utcMs: shown[row]! })));
    expect(text.slice(text.indexOf('\n') + 1)).toBe(rows);
    expect(headers['content-disposition']).toContain('voltrace__K2-016__20260504_e1.bdf.csv');
  });

  it('have no pages', async () => {
    const { body } = await get('e1/records?format=csv&limit=5');
    expect((body['errors'] as Rows)[0]?.['pointer']).toBe('?limit');
  });

  it('are told of by what was true when it began', async () => {
    const { status, body } = await get('e1/metadata');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      experiment: { id: 'e1', status: 'completed', startedAt: '2026-05-04T11:00:00.000Z' },
      battery: { id: batteryId, serialNumber: 'K2-016' },
      profile: { id: profileId, version: 1, hash: experiment.ExperimentQueued.data.profileHash },
      devices: [
        {
          ...{ id: deviceId, serialNumber: device.CyclerDeviceRegistered.data.serialNumber },
          firmware: device.CyclerDeviceRegistered.data.firmware,
          calibration: { calibratedOn: '2026-01-01' },
        },
      ],
      ...{ station: null, import: null, timeZone: 'UTC' },
    });
    expect(body['columns']).toContainEqual({
      ...{ name: 'voltage_v', unit: 'V', about: 'Of the battery.' },
    });
    expect((await get('e9/metadata')).body['code']).toBe('EXPERIMENT_UNKNOWN');
  });
});

describe('what is computed on request', () => {
  it('are cycles and steps by another definition', async () => {
    // Of one cycle that begins with a charge there is a discharge, which is nothing until the charge after it.
    const query = 'definition=discharge-first';
    expect(await items(`e1/cycles?${query}`)).toMatchObject([
      { cycle: 1, begins: 'charge', lastStepCount: 1 },
      { cycle: 2, begins: 'discharge', firstStepCount: 2, lastStepCount: 3 },
      { cycle: 3, begins: 'discharge', firstStepCount: 4, partial: ['no-charge', 'last-of-test'] },
    ]);
    const page = await get(`e1/cycles?${query}&limit=2`);
    const next = `cursor=${String(page.body['nextCursor'])}`;
    expect(await items(`e1/cycles?${query}&${next}`)).toMatchObject([{ cycle: 3 }]);
    expect(await items(`e1/step-statistics?${query}&cycle=2`)).toMatchObject([
      { stepCount: 2 },
      { stepCount: 3 },
    ]);
    const [first] = await items('e1/cycles?electrode=anode');
    expect(first).toMatchObject({ coulombicEfficiency: expect.closeTo(1 / 0.9) });
    expect((await get('e1/cycles?definition=mine')).status).toBe(400);
  });

  it('is dQ/dV', async () => {
    expect((await get('e1/differential-capacity?cycle=1&bin=0.1')).body).toEqual({
      ...{ direction: 'charge', binV: 0.1 },
      smoothing: 'charge by fixed bins of 0.1 V, without further smoothing',
      bins: [
        {
          ...{ voltageV: expect.closeTo(3.65), chargeAh: expect.closeTo(100 / 3600) },
          ahPerV: expect.closeTo(1000 / 3600),
        },
      ],
    });
    const discharged = await get('e1/differential-capacity?step=1&direction=discharge');
    expect(discharged.body).toMatchObject({ binV: 0.005, bins: [] });
    for (const [query, pointer] of [
      ['direction=charge', '?cycle'],
      ['step=1&bin=0', '?bin'],
    ]) {
      const { body } = await get(`e1/differential-capacity?${query ?? ''}`);
      expect((body['errors'] as Rows)[0]?.['pointer']).toBe(pointer);
    }
  });

  it('is what the counters say', async () => {
    const { body } = await get('e1/counters');
    expect(body).toEqual({ charge: 'unseen', discharge: 'unseen', disagreements: [] });
  });
});
