import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { CyclerRecord } from '#cycling/record.js';
import type { Refusal } from '#kernel/refusal.js';

import { bdfHeader, bdfRows } from './bdf-writer.js';
import type { FileOptions } from './inspect-file.js';
import { mostRejected } from './report.js';
import { readTest } from './shared-files.fixture.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'voltrace-cycler-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const written = (content: string | Buffer, name = 'test.csv'): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const read = (content: string | Buffer, options?: FileOptions) =>
  readTest([written(content)], options);

const arbin = (rows: readonly string[], header = 'Current(A),Voltage(V)'): string =>
  `Data_Point,Test_Time(s),Date_Time,Step_Index,Cycle_Index,${header}\n${rows.join('\n')}\n`;

/** Records as a cycler may take them: test time, step count and cycle never go back. */
const anyRecords: fc.Arbitrary<readonly CyclerRecord[]> = (() => {
  const number = fc.double({ noNaN: true, min: -1e6, max: 1e6 }).map((value) => value + 0);
  const counter = fc.double({ noNaN: true, min: 0, max: 1e6 }).map((value) => value + 0);
  const row = fc.record({
    seconds: fc.double({ noNaN: true, min: 0.001, max: 1e5 }),
    steps: fc.nat(2),
    cycles: fc.nat(1),
    voltageV: number,
    currentA: number,
    stepId: fc.nat(50),
  });
  const columns = fc.record({
    utc: fc.boolean(),
    temperature: fc.boolean(),
    counters: fc.boolean(),
  });
  return fc
    .tuple(
      columns,
      fc.array(fc.tuple(row, number, counter, counter), { minLength: 1, maxLength: 30 }),
    )
    .map(([{ utc, temperature, counters }, rows]) => {
      let [testTimeS, stepCount, cycle] = [0, 1, 0];
      return rows.map(
        ([{ seconds, steps, cycles, ...values }, temperatureC, chargeAh, dischargeAh]) => {
          testTimeS += seconds;
          stepCount += steps;
          cycle += cycles;
          return {
            testTimeS,
            stepCount,
            cycle,
            ...values,
            ...(utc && { utcMs: Math.round(1.7e12 + testTimeS * 1000) }),
            ...(temperature && { temperatureC, stepTimeS: seconds }),
            ...(counters && { chargeAh, dischargeAh }),
          };
        },
      );
    });
})();

describe('records written as BDF and read again', () => {
  it('are the same', async () => {
    await fc.assert(
      fc.asyncProperty(anyRecords, async (records) => {
        const half = records.length / 2;
        const rows = bdfRows(records.slice(0, half)) + bdfRows(records.slice(half));
        const again = await read(bdfHeader + rows);
        expect(again.records).toEqual(records);
        expect(again.report).toMatchObject({ problems: { count: 0 }, warnings: [] });
      }),
      { numRuns: 60 },
    );
  });
});

describe('a layout', () => {
  it('is refused in another unit than a column can be in', async () => {
    const rows = arbin(['1,0,,1,1,0,3'], 'Current(kg),Voltage(V)');
    await expect(read(rows)).rejects.toMatchObject({
      code: 'UNIT_UNEXPECTED',
      message: 'line 1: column "current" is in "kg", which it cannot be in',
    });
  });

  it('is refused where nothing is known of it', async () => {
    await expect(read('a,b,c\n1,2,3\n')).rejects.toMatchObject({
      code: 'LAYOUT_UNKNOWN',
      message: expect.stringContaining('the widest of the first rows is "a", "b", "c"') as unknown,
    });
  });

  it('is told below lines of its program, with decimal commas in latin-1', async () => {
    const lines = Array.from({ length: 200 }, (_, n) => `Step ${String(n)}\tset\t1,000`).join('\n');
    const header = 'Ns\ttime/s\tEwe/V\t<I>/mA\tcycle number\tTemperature/\xb0C';
    const text = `EC-Lab ASCII FILE\nNb header lines : 204\nFl\xe4che\n${lines}\n${header}\n0\t0,5\t3,2\t-100,0\t0\t25,5\n`;
    const { records, report } = await read(Buffer.from(text, 'latin1'));
    expect(report.files[0]).toMatchObject({ layout: 'biologic', encoding: 'windows-1252' });
    expect(records).toEqual([
      {
        testTimeS: 0.5,
        voltageV: 3.2,
        currentA: -0.1,
        stepCount: 1,
        stepId: 0,
        cycle: 0,
        temperatureC: 25.5,
      },
    ]);
  });

  it('of a zone that there is not is refused', async () => {
    await expect(read(arbin(['1,0,,1,1,0,3']), { zone: 'Europe/Atlantis' })).rejects.toMatchObject({
      code: 'ZONE_UNKNOWN',
    });
  });
});

describe('rows that give no record', () => {
  const bad = (count: number) =>
    Array.from({ length: count }, (_, n) => `${String(n)},${String(n)},,1,1,x,3`);

  it('are all listed', async () => {
    const { report } = await read(arbin(['0,0,,1,1,0,3', ...bad(5_000)]));
    expect(report.problems).toMatchObject({ count: 5_000, byFault: { value: 5_000 } });
    expect(report.problems.listed.map(({ line }) => line)).toEqual(
      Array.from({ length: 5_000 }, (_, n) => n + 3),
    );
    expect(report.problems.listed[0]).toEqual({
      file: 'test.csv',
      line: 3,
      fault: 'value',
      reason: 'column "Current(A)" holds "x", expected a number',
    });
  });

  it('are too many for a file of a cycler at some number, which is refused with the first ones', async () => {
    const rows = ['0,0,,1,1,0,3', ...bad(mostRejected + 1)];
    const refusal: unknown = await read(arbin(rows)).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'TOO_MANY_REJECTED_ROWS' });
    expect((refusal as Refusal).details).toMatchObject({
      errors: { length: 20, 0: { reason: expect.stringContaining('line 3: ') as unknown } },
    });
    expect((await read(arbin(rows.slice(0, -1)))).report.problems.count).toBe(mostRejected);
  });

  it('go back in test time', async () => {
    const { report, records } = await read(
      arbin(['1,10,,1,1,0,3', '2,5,,1,1,0,3', '3,20,,1,1,0,3']),
    );
    expect(records.map(({ testTimeS }) => testTimeS)).toEqual([10, 20]);
    expect(report.problems.listed).toMatchObject([
      { line: 3, fault: 'time-back', reason: 'the test time goes back from 10 s to 5 s' },
    ]);
  });

  it('lose no record for a value that a record can be without', async () => {
    const { report, records } = await read(
      arbin(['1,0,,1,1,0,3,warm', '2,1,,1,1,0,3,25'], 'Current(A),Voltage(V),Aux_Temperature_1(C)'),
    );
    expect(records.map(({ temperatureC }) => temperatureC)).toEqual([undefined, 25]);
    expect(report.warnings).toMatchObject([
      { what: 'column "Aux_Temperature_1(C)"', line: 2, count: 1 },
    ]);
  });
});

describe('the clock of a file', () => {
  const row = (testTimeS: number, clock: string): string =>
    `1,${String(testTimeS)},${clock},1,1,0,3`;

  it('that is set is noted, and the test time leads', async () => {
    const rows = [
      row(0, '2026-03-01 10:00:00'),
      row(60, '2026-03-01 10:31:00'),
      row(120, '2026-03-01 10:32:00'),
    ];
    const { report, records } = await read(arbin(rows), { zone: 'UTC' });
    expect(report.clock).toMatchObject({ count: 1, notes: [{ line: 3, kind: 'jump', byS: 1800 }] });
    expect(records.at(-1)?.utcMs).toBe(Date.parse('2026-03-01T10:02:00Z'));
  });

  it('is followed over both changes of a zone, of which the hour shown twice is noted', async () => {
    const spring = await read(
      arbin([row(0, '2026-03-29 01:59:00'), row(120, '2026-03-29 03:01:00')]),
      { zone: 'Europe/Brussels' },
    );
    expect(spring.report.clock.count).toBe(0);
    const autumn = await read(
      arbin([
        row(0, '2026-10-25 02:59:00'),
        row(120, '2026-10-25 02:01:00'),
        row(180, '2026-10-25 02:02:00'),
      ]),
      { zone: 'Europe/Brussels' },
    );
    expect(autumn.report.clock).toMatchObject({
      count: 1,
      notes: [{ line: 3, kind: 'fold', byS: -3600, utcMs: Date.parse('2026-10-25T01:01:00Z') }],
    });
  });

  it.each([
    ['5/11/2021 3:40:24 PM', '2021-05-11T15:40:24Z'],
    ['5/11/2021 12:00:01 AM', '2021-05-11T00:00:01Z'],
    ['24/10/2026 22:00:00', '2026-10-24T22:00:00Z'],
    ['24.10.2026 22:00:00', '2026-10-24T22:00:00Z'],
    ['2026/10/24 22:00', '2026-10-24T22:00:00Z'],
    ['2026-10-24T22:00:00.250+02:00', '2026-10-24T20:00:00.250Z'],
    ['1499006353', '2017-07-02T14:39:13Z'],
  ])('may show %s', async (clock, utc) => {
    const { report } = await read(arbin([row(0, clock)]), { zone: 'UTC' });
    expect(report.start).toEqual({ utcMs: Date.parse(utc) });
  });

  it('may leave open which number is the month, which is said', async () => {
    const rows = arbin([row(0, '05/11/2021 10:00:00')]);
    const assumed = await read(rows, { zone: 'UTC' });
    expect(assumed.report.warnings).toMatchObject([{ what: 'date order' }]);
    const told = await read(rows, { zone: 'UTC', dateOrder: 'dmy' });
    expect(told.report.start).toEqual({ utcMs: Date.parse('2021-11-05T10:00:00Z') });
  });
});

describe('files that are stitched', () => {
  const row = (testTimeS: number, clock: string, step = 1): string =>
    `1,${String(testTimeS)},2026-01-01 ${clock},${String(step)},1,1,3`;

  it('go on after the pause that their clocks show, in the order of the clocks', async () => {
    const second = written(arbin([row(0, '12:00:00'), row(10, '12:00:10')]), 'a.csv');
    const first = written(arbin([row(0, '11:00:00'), row(10, '11:00:10')]), 'b.csv');
    const { records, report } = await readTest([second, first]);
    expect(records.map(({ testTimeS, stepCount, cycle }) => [testTimeS, stepCount, cycle])).toEqual(
      [
        [0, 1, 1],
        [10, 1, 1],
        [3600, 2, 2],
        [3610, 2, 2],
      ],
    );
    expect(report.overlapping).toBe(0);
  });

  it('need a clock each', async () => {
    const files = [
      written(arbin(['1,0,,1,1,0,3']), 'a.csv'),
      written(arbin([row(0, '11:00:00')]), 'b.csv'),
    ];
    await expect(readTest(files)).rejects.toMatchObject({ code: 'CLOCK_MISSING' });
  });
});

it('counts cycles on where the count of a file starts again', async () => {
  const flows = [1, -1, 1, -1, 1, -1];
  const counts = [1, 1, 2, 2, 1, 1];
  const rows = flows.flatMap((currentA, at) =>
    [0, 50].map(
      (s) => `1,${String(at * 100 + s)},,${String(at)},${String(counts[at])},${String(currentA)},3`,
    ),
  );
  const { cycles, report } = await read(arbin(rows));
  expect(cycles.map(({ cycle, steps }) => [cycle, steps])).toEqual([
    [1, 2],
    [2, 2],
    [3, 2],
  ]);
  expect(report.warnings).toMatchObject([{ what: 'cycle count', line: 10, count: 4 }]);
});
