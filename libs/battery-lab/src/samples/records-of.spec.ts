import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { CyclerRecord } from '#cycling/record.js';

import { columnsOf, recordsOf, utcAt } from './records-of.js';

const number = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => value + 0);
const startMs = Date.parse('2026-05-04T11:00:00.000Z');
const record = fc.record(
  {
    ...{ testTimeS: fc.double({ min: 0, max: 1e7, noNaN: true }), voltageV: number },
    ...{ currentA: number, stepCount: fc.nat(), stepId: fc.nat(), cycle: fc.nat() },
    ...{ temperatureC: number, stepTimeS: number, chargeAh: number, dischargeAh: number },
  },
  { requiredKeys: ['testTimeS', 'voltageV', 'currentA', 'stepCount', 'stepId', 'cycle'] },
);
const records = fc.array(record, { minLength: 1, maxLength: 20 }).map((some) =>
  some
    .sort((a, b) => a.testTimeS - b.testTimeS)
    .map((one): CyclerRecord => ({
      ...one,
      utcMs: utcAt(one.testTimeS, { utcMs: startMs, testTimeS: 0 }),
    })),
);
const chunkOf = (some: readonly CyclerRecord[]) => ({
  ...columnsOf(some),
  from: new Date(some[0]?.utcMs ?? NaN).toISOString(),
});

describe('records as columns', () => {
  it('are the same records again, however they are cut into chunks', () => {
    fc.assert(
      fc.property(records, fc.integer({ min: 1, max: 20 }), (some, size) => {
        const chunks = some.flatMap((_, at) =>
          at % size === 0 ? [chunkOf(some.slice(at, at + size))] : [],
        );
        expect(chunks.flatMap(recordsOf)).toEqual(some);
      }),
    );
  });

  it('have no column of what no record has', () => {
    const one = { testTimeS: 0, voltageV: 3.6, currentA: 1, stepCount: 1, stepId: 1, cycle: 1 };
    const columns = columnsOf([one, { ...one, testTimeS: 1, temperatureC: 25 }]);
    expect(columns).not.toHaveProperty('chargeAh');
    expect(columns.temperatureC).toEqual([null, 25]);
  });
});
