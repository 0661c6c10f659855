import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { CyclerRecord } from '../record.js';
import { compareCounters } from './compare-counters.js';
import { DifferentialBins } from './differential.js';
import type { StatisticsOptions } from './options.js';
import { tablesOf } from './tables.fixture.js';

interface Step {
  readonly currentA: number;
  readonly seconds: number;
  readonly stepId?: number;
  readonly cycle?: number;
}

/** Records of steps every ten seconds, of a cell whose voltage is 3.5 V without current and follows it by 0.1 ohm. */
const recordsOf = (steps: readonly Step[], everyS = 10): readonly CyclerRecord[] => {
  let beganS = 0;
  return steps.flatMap(({ currentA, seconds, stepId, cycle = 1 }, at) => {
    const times = Array.from({ length: Math.floor(seconds / everyS) + 1 }, (_, n) => n * everyS);
    const records = times.map((s) => ({
      testTimeS: beganS + s,
      voltageV: 3.5 + 0.1 * currentA,
      currentA,
      stepCount: at + 1,
      stepId: stepId ?? at + 1,
      cycle,
    }));
    beganS += seconds;
    return records;
  });
};

const binned = (
  records: readonly CyclerRecord[],
  direction: 'charge' | 'discharge',
  binV: number,
) => {
  const bins = new DifferentialBins(direction, binV);
  for (const record of records) bins.add(record);
  return bins.result;
};

const charge = { currentA: 1, seconds: 3600 };
const discharge = { currentA: -1, seconds: 3240 };
const rest = { currentA: 0, seconds: 600 };

describe('the statistics of a test', () => {
  it('are the same in whatever batches its records come', () => {
    const step = fc.record({
      currentA: fc.constantFrom(-2, -1, -0.001, 0, 0.5, 1, 2),
      seconds: fc.constantFrom(0, 10, 100, 1000),
      cycle: fc.nat(3),
    });
    const definition = fc.constantFrom(
      'recorded',
      'charge-first',
      'discharge-first',
      'as-begun' as const,
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 20 }),
        definition,
        fc.integer({ min: 1, max: 50 }),
        (steps, cycle, size) => {
          const options = { cycle, nominalCapacityAh: 1 } as StatisticsOptions;
          const ordered = steps.map((one, at) => ({
            ...one,
            cycle: Math.max(...steps.slice(0, at + 1).map((s) => s.cycle)),
          }));
          const records = recordsOf(ordered);
          const batches = Array.from({ length: Math.ceil(records.length / size) }, (_, n) =>
            records.slice(n * size, (n + 1) * size),
          );
          expect(tablesOf(batches, options)).toEqual(tablesOf([records], options));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('have steps whose sums are those of the cycle', () => {
    const { steps, cycles } = tablesOf([recordsOf([charge, rest, discharge, rest])]);
    expect(
      steps.map(({ kind, chargeAh, dischargeAh, meanV }) => [kind, chargeAh, dischargeAh, meanV]),
    ).toEqual([
      ['charge', expect.closeTo(1), 0, expect.closeTo(3.6)],
      ['rest', 0, 0, expect.closeTo(3.5)],
      ['discharge', 0, expect.closeTo(0.9), expect.closeTo(3.4)],
      ['rest', 0, 0, expect.closeTo(3.5)],
    ]);
    expect(cycles).toMatchObject([
      {
        partial: [],
        begins: 'charge',
        chargeAh: expect.closeTo(1) as unknown,
        dischargeAh: expect.closeTo(0.9) as unknown,
        coulombicEfficiency: expect.closeTo(0.9) as unknown,
        energyEfficiency: expect.closeTo((0.9 * 3.4) / 3.6) as unknown,
        meanChargeV: expect.closeTo(3.6) as unknown,
        endOfDischargeV: expect.closeTo(3.4) as unknown,
      },
    ]);
  });

  it('turn the efficiency and take the charge for the capacity of an anode', () => {
    const steps = [discharge, charge].map((step) => ({ ...step, cycle: 1 }));
    const { cycles } = tablesOf(
      [recordsOf([...steps, { ...discharge, cycle: 2 }, { currentA: 1, seconds: 1800, cycle: 2 }])],
      {
        electrode: 'anode',
      },
    );
    expect(cycles.map(({ coulombicEfficiency }) => coulombicEfficiency)).toEqual([
      expect.closeTo(1 / 0.9),
      expect.closeTo(0.5 / 0.9),
    ]);
    expect(cycles.map(({ capacityRetention }) => capacityRetention)).toEqual([
      1,
      expect.closeTo(0.5),
    ]);
  });

  it('compare with the first whole cycle, or the one that is asked for, and count full cycles', () => {
    const steps = [0.5, 1, 0.9].flatMap((share, at) => [
      { ...charge, cycle: at },
      { currentA: -1, seconds: 3600 * share, cycle: at },
    ]);
    const found = tablesOf([recordsOf(steps)], { nominalCapacityAh: 2 }).cycles;
    expect(found.map(({ partial, capacityRetention }) => [partial, capacityRetention])).toEqual([
      [['first-of-test'], null],
      [[], 1],
      [[], expect.closeTo(0.9)],
    ]);
    expect(found.map(({ equivalentFullCycles }) => equivalentFullCycles)).toEqual([
      expect.closeTo(1.5 / 4),
      expect.closeTo(3.5 / 4),
      expect.closeTo(5.4 / 4),
    ]);
    const asked = tablesOf([recordsOf(steps)], { referenceCycle: 0 }).cycles;
    expect(asked.map(({ capacityRetention }) => capacityRetention)).toEqual([
      1,
      2,
      expect.closeTo(1.8),
    ]);
  });

  it('leave out a hole and say how long it is, told by what is usual or by what is asked for', () => {
    const records = recordsOf([charge, rest, discharge]);
    const holed = records.filter(({ testTimeS }) => testTimeS < 1800 || testTimeS > 2400);
    const usual = tablesOf([holed]).cycles;
    expect(usual).toMatchObject([{ missingS: 620, partial: ['missing-records'] }]);
    expect(usual[0]?.chargeAh).toBeCloseTo((3600 - 620) / 3600);
    expect(tablesOf([holed], { longestIntervalS: 1000 }).cycles).toMatchObject([{ missingS: 0 }]);
    const sparse = recordsOf([charge, rest, discharge], 300);
    expect(tablesOf([sparse]).cycles).toMatchObject([{ missingS: 0, partial: [] }]);
    const strict = tablesOf([sparse], { longestIntervalS: 60 }).cycles;
    expect(strict).toMatchObject([{ missingS: 3600 + 600 + 3000, chargeAh: 0 }]);
  });

  it('count a step from its begin where its first record says how long ago that was', () => {
    const late = recordsOf([rest, charge])
      .filter(({ stepCount, testTimeS }) => stepCount === 1 || testTimeS >= 630)
      .map((record) => (record.testTimeS === 630 ? { ...record, stepTimeS: 30 } : record));
    expect(tablesOf([late]).steps[1]?.chargeAh).toBeCloseTo(1, 9);
  });

  it('read the resistance of a current step ten seconds after it, and say when', () => {
    const { steps, cycles } = tablesOf([recordsOf([rest, charge, discharge])]);
    expect(steps.map(({ resistance }) => resistance)).toEqual([
      null,
      { ohm: expect.closeTo(0.1) as unknown, afterS: 10, fromA: 0, toA: 1 },
      { ohm: expect.closeTo(0.1) as unknown, afterS: 10, fromA: 1, toA: -1 },
    ]);
    expect(cycles[0]?.dischargeResistance?.toA).toBe(-1);
  });
});

describe('cycles', () => {
  const steps = [
    rest,
    charge,
    rest,
    { ...charge, seconds: 1800 },
    discharge,
    rest,
    charge,
    discharge,
  ];

  it('begin at a charge only after a discharge, or the other way round', () => {
    const cyclesOf = (cycle: StatisticsOptions['cycle'], of = steps) =>
      tablesOf([recordsOf(of)], { ...(cycle && { cycle }) }).steps.map((step) => step.cycle);
    expect(cyclesOf('charge-first')).toEqual([1, 1, 1, 1, 1, 1, 2, 2]);
    expect(cyclesOf('as-begun')).toEqual([1, 1, 1, 1, 1, 1, 2, 2]);
    expect(cyclesOf('discharge-first')).toEqual([1, 1, 1, 1, 2, 2, 2, 3]);
    expect(cyclesOf('as-begun', [discharge, charge, discharge, charge])).toEqual([1, 1, 2, 2]);
    // The noise of a first rest, and pulses, are no half of a cycle.
    const noise = { currentA: -0.0005, seconds: 3600 };
    const pulse = { currentA: -1, seconds: 10 };
    expect(cyclesOf('as-begun', [noise, charge, pulse, charge, discharge, charge])).toEqual([
      1, 1, 1, 1, 1, 2,
    ]);
  });

  it('follow no number that goes back, and a last one of rest alone has not begun', () => {
    const numbered = [1, 2, 1, 2, 3].map((cycle, at) => ({ ...(at === 4 ? rest : charge), cycle }));
    const { cycles, steps: found } = tablesOf([recordsOf(numbered)]);
    expect(found.map(({ cycle }) => cycle)).toEqual([1, 2, 2, 2, 3]);
    expect(cycles.map(({ cycle }) => cycle)).toEqual([1, 2]);
  });
});

describe('counters of a cycler', () => {
  it('count from zero where they start again, whatever they show first', () => {
    const readings = [0, 0.5, 1, 0.25, 0.75];
    const records = recordsOf([{ currentA: 1, seconds: 40 }]).map((record, at) => ({
      ...record,
      chargeAh: readings[at] ?? 0,
    }));
    const [step] = tablesOf([records]).steps;
    expect(step?.counters.charge).toMatchObject({ riseAh: 1.75, largestAh: 1, lastAh: 0.75 });
  });

  it('that start again at each cycle but one disagree with the integral of that one', () => {
    let chargeAh = 0;
    const records = recordsOf(
      [0, 1, 2].flatMap((cycle) => [
        { ...charge, cycle },
        { ...discharge, cycle },
      ]),
    ).map((record, at, all) => {
      const last = all[at - 1];
      if (last && last.cycle !== record.cycle && record.cycle === 2) chargeAh = 0;
      if (last?.stepCount === record.stepCount && record.currentA > 0) chargeAh += 10 / 3600;
      return { ...record, chargeAh };
    });
    expect(compareCounters(tablesOf([records]).cycles)).toEqual({
      charge: 'each-cycle',
      discharge: 'unseen',
      disagreements: [
        {
          cycle: 1,
          direction: 'charge',
          counterAh: expect.closeTo(2) as unknown,
          integralAh: expect.closeTo(1) as unknown,
          reason: 'the counter starts again with other cycles, but did not with this one',
        },
      ],
    });
  });
});

describe('the differential capacity', () => {
  it('is the charge by bins of voltage, which are stated', () => {
    const records = recordsOf([charge]).map((record) => ({
      ...record,
      voltageV: 3 + record.testTimeS / 3600,
    }));
    const found = binned(records, 'charge', 0.1);
    expect(found.smoothing).toBe('charge by fixed bins of 0.1 V, without further smoothing');
    expect(found.bins.reduce((sum, { chargeAh }) => sum + chargeAh, 0)).toBeCloseTo(1, 9);
    for (const { ahPerV } of found.bins.slice(1, -1)) expect(ahPerV).toBeCloseTo(1, 9);
    expect(binned(records, 'discharge', 0.1).bins).toEqual([]);
    expect(() => new DifferentialBins('charge', 0)).toThrow('expected bins of 0.0001 V at least');
  });
});
