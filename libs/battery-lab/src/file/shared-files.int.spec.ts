import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { FileMapping } from './mapping.js';
import {
  dataFolder,
  describeShared,
  expectedStatistics,
  readTest,
} from './shared-files.fixture.js';

const within = (found: number | undefined, expected: number, share: number): void => {
  expect(
    Math.abs((found ?? NaN) - expected),
    `${String(found)} for ${String(expected)}`,
  ).toBeLessThanOrEqual(Math.max(share * Math.abs(expected), 2e-5));
};

const arbin = (name: string): string => join(dataFolder, 'calce-arbin', name);

describeShared(dataFolder, 'real files of cyclers', () => {
  const right = Object.entries(expectedStatistics().files).flatMap(([file, cycles]) =>
    file.startsWith('rovi') ? [] : [[file, cycles] as const],
  );

  it.each(right)('%s has the capacities and energies of its cycles', async (file, expected) => {
    const { cycles, report, counters } = await readTest([join(dataFolder, file)]);
    expect(report.problems.count).toBe(0);
    expect(cycles.map(({ cycle, records }) => [cycle, records])).toEqual(
      expected.map(({ cycle, rows }) => [cycle, rows]),
    );
    for (const [at, cycle] of cycles.entries()) {
      const { vmin, vmax, ...right } = expected[at] ?? raise(`no cycle ${String(at)}`);
      within(cycle.chargeAh, right.counter_charge_ah, 0.007);
      within(cycle.dischargeAh, right.counter_discharge_ah, 0.007);
      // The plain trapezoid takes the time before the first record of a step for one between two currents.
      within(cycle.chargeAh, right.int_charge_ah, 0.02);
      within(cycle.dischargeAh, right.int_discharge_ah, 0.02);
      within(cycle.chargeWh, right.int_charge_wh, 0.02);
      within(cycle.dischargeWh, right.int_discharge_wh, 0.02);
      within(cycle.minV, vmin, 1e-4);
      within(cycle.maxV, vmax, 1e-4);
    }
    expect(counters.disagreements).toEqual([]);
  });

  it('K2_016_7_3_13_1C_Cycle.csv has the published second cycle, as its counters do', async () => {
    const { cycles, counters } = await readTest([arbin('K2_016_7_3_13_1C_Cycle.csv')]);
    const second = cycles[1];
    within(second?.chargeAh, 2.0775, 0.01);
    within(second?.dischargeAh, 2.0571, 0.01);
    // Its first records of steps come 30 s after the steps began: with that time, the integral is what the counter says.
    within(second?.chargeAh, second?.counters.charge?.riseAh ?? NaN, 0.002);
    within(second?.dischargeAh, second?.counters.discharge?.riseAh ?? NaN, 0.002);
    expect(counters).toEqual({ charge: 'never', discharge: 'never', disagreements: [] });
  });

  it('three files of CS2_33 are one test with a cycle after the other', async () => {
    const names = ['CS2_33_10_05_10.csv', 'CS2_33_8_17_10.csv', 'CS2_33_8_18_10.csv'];
    const { cycles, report, records } = await readTest(names.map(arbin), {
      zone: 'America/New_York',
    });
    expect(report.files.map(({ name }) => name)).toEqual([names[1], names[2], names[0]]);
    expect(cycles.map(({ cycle }) => cycle)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(report.start).toEqual({ utcMs: Date.parse('2010-08-16T17:44:02.987Z') });
    // The last file began on 4 October, so that its test time is that of 49 days.
    const [third] = cycles.slice(2);
    expect(third?.startUtcMs).toBe(Date.parse('2010-10-04T18:14:51Z'));
    expect(records.at(-1)?.stepCount).toBe(9 + 9 + 60);
  });

  describe('p492-13-raw.csv', () => {
    const file = join(dataFolder, 'rovi-batdata', 'p492-13-raw.csv');
    const published = readFileSync(join(dataFolder, 'rovi-batdata', 'p492-13-summary.csv'), 'utf8')
      .split('\n')
      .slice(1, 10)
      .map((line) => line.split(','))
      .map((cells) => ({
        cycle: Number(cells[0]),
        charge: Number(cells[15]),
        discharge: Number(cells[17]),
      }));

    it('has the integrals that are right, and the published second cycle', async () => {
      const { cycles, report } = await readTest([file]);
      const expected = expectedStatistics().files['rovi-batdata/p492-13-raw.csv'] ?? [];
      expect(cycles.map(({ cycle, records }) => [cycle, records])).toEqual(
        expected.map(({ cycle, rows }) => [cycle, rows]),
      );
      for (const { cycle, ...right } of expected) {
        // In the fifth cycle, the plain trapezoid counts what flowed before a hole for as long as the hole is.
        if (cycle === 5) continue;
        const found = cycles[cycle - 1];
        within(found?.chargeAh, right.int_charge_ah, 0.01);
        within(found?.dischargeAh, right.int_discharge_ah, 0.01);
        within(found?.chargeWh, right.int_charge_wh, 0.01);
        within(found?.dischargeWh, right.int_discharge_wh, 0.01);
      }
      within(cycles[1]?.chargeAh, 0.02187, 1e-3);
      within(cycles[1]?.dischargeAh, 0.02174, 1e-3);
      within(cycles[1]?.coulombicEfficiency ?? NaN, 0.994, 1e-3);
      expect(report.start).toEqual({ local: '2020-01-02T10:37:01.000' });
    });

    it('has in its counters what is published of each cycle: the largest reading', async () => {
      const { cycles } = await readTest([file]);
      for (const { cycle, charge, discharge } of published) {
        const { counters } = cycles[cycle - 1] ?? raise(`no cycle ${String(cycle)}`);
        within(counters.charge?.largestAh, charge || 0, 1e-6);
        within(counters.discharge?.largestAh, discharge || 0, 1e-6);
      }
    });

    it('has a fourth cycle of two charges, of which the published one is the second', async () => {
      const { cycles } = await readTest([file]);
      within(cycles[3]?.chargeAh, 0.01112004 + 0.0196421, 1e-3);
      within(cycles[3]?.chargeAh, cycles[3]?.counters.charge?.riseAh ?? NaN, 1e-3);
      // Where a cycle begins with its discharge, it is the published one: 0.01962 Ah, and 0.01964 Ah after it.
      const { cycles: others, steps } = await readTest([file], {}, { cycle: 'discharge-first' });
      const discharge = steps.find(({ stepId }) => stepId === 112);
      const same = others.find(({ cycle }) => cycle === discharge?.cycle);
      within(same?.chargeAh, 0.0196421, 0.01);
      within(same?.dischargeAh, 0.01962057, 0.01);
    });

    it('has a fifth cycle with holes, which are marked and not integrated', async () => {
      const { cycles, counters } = await readTest([file]);
      const fifth = cycles[4];
      expect(fifth?.partial).toEqual(['missing-records']);
      expect(fifth?.missingS).toBeCloseTo(596.98 + 498.02 + 498.33 + 398.49 + 300.01, 0);
      expect(fifth?.dischargeAh).toBeLessThan(fifth?.counters.discharge?.riseAh ?? NaN);
      expect(
        counters.disagreements.filter(
          ({ cycle, direction }) => cycle === 5 && direction === 'discharge',
        ),
      ).toMatchObject([{ reason: expect.stringContaining('records are missing') as unknown }]);
      expect(cycles.filter(({ missingS }) => missingS > 0).map(({ cycle }) => cycle)).toEqual([5]);
    });
  });

  it('a Landt export and its twin in BDF have the same cycle table', async () => {
    const name = join(dataFolder, 'bdf', 'SINTEF__LiGrR2032__2024-04-30__25degC__Landt');
    const [raw, twin] = [await readTest([`${name}.csv`]), await readTest([`${name}.bdf.csv`])];
    expect([raw.report.cycles, twin.report.cycles]).toEqual(['file', 'steps']);
    // The export alone has the step time, which adds 20 ms to each step.
    const tableOf = ({ cycles }: typeof raw) =>
      cycles.map(
        ({
          cycle,
          steps,
          records,
          partial,
          begins,
          counters,
          chargeAh,
          dischargeAh,
          chargeWh,
          dischargeWh,
        }) => ({
          same: { cycle, steps, records, partial, begins, counters },
          near: [chargeAh, dischargeAh, chargeWh, dischargeWh].map((value) => value.toPrecision(4)),
        }),
      );
    expect(tableOf(twin)).toEqual(tableOf(raw));
    const table = raw.cycles;
    expect(table.map(({ cycle, partial }) => [cycle, partial])).toEqual([
      [1, ['first-of-test']],
      [2, ['no-charge', 'last-of-test']],
    ]);
  });

  it('Maccor text is read in minutes, as its clock shows, with the sign of its states', async () => {
    const { cycles, report, counters } = await readTest([
      join(dataFolder, 'cellpy', 'maccor_002.txt'),
    ]);
    expect(report).toMatchObject({
      records: 7446,
      problems: { count: 0 },
      warnings: [],
      clock: { count: 0 },
    });
    expect(counters.disagreements).toEqual([]);
    expect(cycles.map(({ cycle, steps }) => [cycle, steps])).toEqual([
      [1, 3],
      [2, 2],
    ]);
    within(cycles[1]?.dischargeAh, 0.00225395, 1e-4);
  });

  it('Neware CSV is read with what its counters say', async () => {
    const { cycles, report, counters } = await readTest([
      join(dataFolder, 'cellpy', 'neware_uio.csv'),
    ]);
    expect(report).toMatchObject({ records: 9065, problems: { count: 0 }, warnings: [] });
    expect(counters).toEqual({ charge: 'each-step', discharge: 'each-step', disagreements: [] });
    expect(cycles.map(({ begins, partial }) => [begins, partial])).toEqual([
      ['discharge', []],
      ['discharge', []],
      ['discharge', []],
      ['discharge', ['last-of-test']],
    ]);
  });

  it('BioLogic text is read below its 98 lines, with the clock in its column of times', async () => {
    const file = join(dataFolder, 'pyprobe', 'Sample_data_biologic_timestamped.txt');
    const { records, report } = await readTest([file], { zone: 'Europe/London' });
    expect(report.start).toEqual({ utcMs: Date.parse('2024-11-20T11:38:41.707Z') });
    expect(records[1]).toEqual({
      testTimeS: 6.464,
      utcMs: Date.parse('2024-11-20T11:38:48.171Z'),
      voltageV: 4.1518364,
      currentA: 0.44993811,
      stepCount: 2,
      stepId: 1,
      cycle: 0,
      temperatureC: expect.closeTo(19.324554, 4) as unknown,
      chargeAh: expect.closeTo(2.5e-7, 9) as unknown,
      dischargeAh: 0,
    });
    expect(records).toHaveLength(8);
  });

  it('the small Maccor CSV has no unit of time, which is reported, as is that its counter disagrees', async () => {
    const { report, counters } = await readTest([arbin('maccor_example_data.csv')]);
    expect(report.warnings).toMatchObject([{ what: 'time unit' }]);
    expect(report.records).toBe(99);
    expect(counters.disagreements).toMatchObject([{ cycle: 1, direction: 'discharge' }]);
  });

  it('Arbin CSV with Unix time and no units is read', async () => {
    const { cycles, report } = await readTest([
      join(dataFolder, 'rovi-batdata', 'arbin_example.csv'),
    ]);
    within(cycles[1]?.chargeAh, 1.0759, 0.01);
    within(cycles[1]?.dischargeAh, 1.0734, 0.01);
    expect(report.start).toEqual({ utcMs: 1_499_006_353_000 });
  });

  describe('a file of columns of its own', () => {
    const mapping: FileMapping = {
      columns: [
        { column: 'test_time', as: 'testTime', unit: 's' },
        { column: 'date_stamp', as: 'clock', unit: 'excel-days' },
        { column: 'step', as: 'stepId' },
        { column: 'cycle', as: 'cycle' },
        { column: 'current', as: 'current', unit: 'mA' },
        { column: 'voltage', as: 'voltage', unit: 'V' },
        { column: 'charge_capacity', as: 'charge', unit: 'mAh' },
        { column: 'discharge_capacity', as: 'discharge', unit: 'mAh' },
      ],
    };
    const file = (name: string): string => join(dataFolder, 'cellpy', `bad__custom_${name}.csv`);

    it.each([
      ['good_small', 60, []],
      [
        'nan_inf',
        57,
        [
          [24, 'column "voltage" is empty, expected a number'],
          [28, 'column "voltage" holds "inf", expected a number'],
          [32, 'column "voltage" holds "-inf", expected a number'],
        ],
      ],
      ['truncated', 59, [[80, '5 cells, expected 10']]],
    ])('%s is read by its mapping, each bad row named', async (name, count, faults) => {
      const { report } = await readTest([file(name)], { mapping });
      expect(report.records).toBe(count);
      expect(report.problems.listed.map(({ line, reason }) => [line, reason])).toEqual(faults);
      expect([report.warnings, report.clock.count]).toEqual([[], 0]);
    });

    it('is refused where it lacks a column of the mapping', async () => {
      await expect(readTest([file('missing_column')], { mapping })).rejects.toMatchObject({
        code: 'COLUMN_MISSING',
        message: expect.stringContaining('line 20 lacks "voltage"') as unknown,
      });
    });

    it('is refused without a mapping, with the layouts that are known', async () => {
      await expect(readTest([file('good_small')])).rejects.toMatchObject({
        message: expect.stringContaining(
          'known are Arbin CSV, Maccor text, Neware flat CSV, BioLogic text, Landt raw export, Basytec text, lab CSV with Datenum, Battery Data Format CSV',
        ) as unknown,
      });
    });
  });
});

const raise = (message: string): never => {
  throw new Error(message);
};
