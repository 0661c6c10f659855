import { join } from 'node:path';

import { expect, it } from 'vitest';

import { batteryCases, casesFolder, describeShared, readTest } from './shared-files.fixture.js';

describeShared(casesFolder, 'the cases of cycler files', () => {
  it.each(batteryCases().map((one) => [one.file, one] as const))('%s', async (file, expected) => {
    const files = [file, ...(expected.stitched_with ? [expected.stitched_with] : [])];
    const { report, cycles, counters, records } = await readTest(
      files.map((name) => join(casesFolder, name)),
      expected.zone === undefined ? {} : { zone: expected.zone },
    );
    const shift = (expected.first_cycle_in_file ?? 1) - 1;
    const table = cycles.map((cycle) => [
      String(cycle.cycle - shift),
      [cycle.chargeAh, cycle.dischargeAh, cycle.chargeWh, cycle.dischargeWh],
    ]);
    const numbers = Object.entries(expected.cycles).map(([cycle, right]) => [
      cycle,
      [right.charge_Ah, right.discharge_Ah, right.charge_Wh, right.discharge_Wh].map(
        (value) => expect.closeTo(value, 4) as unknown,
      ),
    ]);
    expect(table).toEqual(numbers);
    expect(counters.disagreements.map(({ cycle }) => cycle - shift)).toEqual(
      (expected.disagreement_in_cycles ?? []).flatMap((cycle) => [cycle, cycle]),
    );
    expect(report.warnings.map(({ what }) => what)).toEqual(expected.warnings ?? []);
    expect(report.problems.listed.map(({ line }) => line)).toEqual(expected.reported_lines ?? []);
    expect(report.overlapping).toBe(expected.overlapping_records ?? 0);
    const incomplete = cycles.filter(({ partial }) => partial.length > 0);
    expect(incomplete.map(({ cycle }) => cycle)).toEqual(expected.incomplete_cycles ?? []);
    expect(
      records.every((record, at) => record.testTimeS >= (records[at - 1]?.testTimeS ?? 0)),
    ).toBe(true);
    if (expected.start_utc === undefined) return;
    const startMs = Date.parse(expected.start_utc);
    expect(report.start).toEqual({ utcMs: startMs });
    expect(records.map(({ utcMs }) => utcMs)).toEqual(
      records.map(({ testTimeS }) => Math.round(startMs + testTimeS * 1000)),
    );
  });
});
