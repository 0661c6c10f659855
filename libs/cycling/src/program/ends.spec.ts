import { array, assert, constantFrom, double, integer, property, record, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { endOf, type Measurement, settlingS } from './ends.js';
import { cycling, everything, seen } from './examples.fixture.js';
import type { Step } from './program.js';
import { driveValue, mustRecord, recordRuleOf, setPoint } from './set-point.js';

const rest = (timeS = 1): Step => ({ do: 'rest', until: [{ timeS }] });
const charge: Step = { do: 'cc', currentA: 1, until: [{ voltageV: 4.2 }] };
const discharge: Step = { do: 'cc', currentA: -1, until: [{ voltageV: 2.5 }] };

describe('the end of a step', () => {
  const cv: Step = { do: 'cv', voltageV: 4.2, until: [{ currentA: 0.05 }] };
  const cp = (powerW: number): Step => ({ do: 'cp', powerW, until: [{ currentA: 1 }] });
  const until = (step: Step, ...ends: readonly object[]) => ({ ...step, until: ends }) as Step;
  it.each<[string, Step, Partial<Measurement>, Partial<Measurement>]>([
    ['a charge that rises to a voltage', charge, { voltageV: 4.19 }, { voltageV: 4.2 }],
    ['a discharge that falls to a voltage', discharge, { voltageV: 2.51 }, { voltageV: 2.5 }],
    ['CV whose charge falls to a current', cv, { currentA: 0.06 }, { currentA: 0.05 }],
    ['CV whose discharge falls to a current', cv, { currentA: -0.06 }, { currentA: -0.05 }],
    ['a charge at a power', cp(4), { currentA: 1.01 }, { currentA: 1 }],
    ['a discharge at a power', cp(-4), { currentA: -0.99 }, { currentA: -1 }],
    [
      'a charge that grows to a power',
      until(charge, { powerW: 4 }),
      { powerW: 3.9 },
      { powerW: 4 },
    ],
    [
      'a discharge that falls to a power',
      until(discharge, { powerW: 3 }),
      { powerW: -3.1 },
      { powerW: -3 },
    ],
    [
      'a resistance',
      { do: 'cr', resistanceOhm: 4, until: [{ currentA: 1 }] },
      { currentA: -1.1 },
      { currentA: -1 },
    ],
    [
      'charge that was drawn',
      until(discharge, { capacityAh: 1 }),
      { capacityAh: -0.99 },
      { capacityAh: -1 },
    ],
    ['energy that was stored', until(charge, { energyWh: 1 }), { energyWh: 0.99 }, { energyWh: 1 }],
    [
      '-dV',
      until(charge, { deltaVoltageV: 0.01 }),
      { deltaVoltageV: 0.009 },
      { deltaVoltageV: 0.01 },
    ],
    ['warmth', until(charge, { temperatureC: 45 }), { temperatureC: 44 }, { temperatureC: 45 }],
    [
      'coolness',
      until(rest(), { temperatureC: 25, is: 'atMost' }),
      { temperatureC: 26 },
      { temperatureC: 25 },
    ],
    ['time', rest(100), { stepTimeS: 99.9 }, { stepTimeS: 100 }],
    [
      'a drive cycle',
      {
        do: 'drive',
        quantity: 'current',
        points: [
          [0, 1],
          [90, 2],
        ],
      },
      { stepTimeS: 89 },
      { stepTimeS: 90 },
    ],
  ])('by %s', (_, step, before, at) => {
    expect(endOf(step, { ...seen, ...before })).toBeUndefined();
    expect(endOf(step, { ...seen, ...at })).toBeDefined();
  });

  it('is by the first condition of several that are met', () => {
    const step = until(charge, { capacityAh: 1 }, { timeS: 60 }, { voltageV: 3.7 });
    expect(endOf(step, seen)).toEqual({ cause: 'time', index: 1 });
    const drive: Step = {
      do: 'drive',
      quantity: 'power',
      points: [
        [0, 1],
        [60, 1],
      ],
      until: [{ temperatureC: 45 }],
    };
    expect(endOf(drive, { ...seen, temperatureC: 46 })).toEqual({ cause: 'temperature', index: 0 });
    expect(endOf(drive, seen)).toEqual({ cause: 'time' });
  });

  it('is by no current while the output comes up', () => {
    const none = { ...seen, currentA: 0 };
    expect(endOf(cv, { ...none, stepTimeS: settlingS - 0.1 })).toBeUndefined();
    expect(endOf(cv, { ...none, stepTimeS: settlingS })).toEqual({ cause: 'current', index: 0 });
  });

  it('is by nothing that is not measured', () => {
    const step = until(rest(), { temperatureC: 25, is: 'atMost' });
    expect(endOf(step, seen)).toBeUndefined();
    expect(endOf(charge, { ...seen, voltageV: Number.NaN })).toBeUndefined();
  });
});

describe('the set point', () => {
  it('of CC-CV is handed over once', () => {
    const step: Step = { do: 'cccv', currentA: 1, voltageV: 4.2, until: [{ currentA: 0.05 }] };
    const cc = setPoint(step, { stepTimeS: 0, voltageV: 4.1 });
    expect(cc).toEqual({ mode: 'current', currentA: 1 });
    const cv = setPoint(step, { stepTimeS: 5, voltageV: 4.2 }, cc);
    expect(cv).toEqual({ mode: 'voltage', voltageV: 4.2, currentA: 1 });
    expect(setPoint(step, { stepTimeS: 6, voltageV: 4.199 }, cv)).toEqual(cv);
    const down: Step = { ...step, currentA: -1, voltageV: 2.5 };
    expect(setPoint(down, { stepTimeS: 0, voltageV: 2.6 }).mode).toBe('current');
    expect(setPoint(down, { stepTimeS: 0, voltageV: 2.5 })).toMatchObject({ currentA: 1 });
    expect(() =>
      setPoint({ ...step, cRate: 1, currentA: undefined } as unknown as Step, seen),
    ).toThrow('C-rate');
  });

  it('of a drive cycle holds the point before, or goes straight to the next one', () => {
    const drive = everything.steps[4] as Extract<Step, { do: 'drive' }>;
    const held = { ...drive, interpolation: 'hold' } as const;
    const at = [-1, 0, 0.5, 1, 2, 3, 9];
    expect(at.map((timeS) => driveValue(held, timeS))).toEqual([0, 0, 0, -2.5, -2.5, 1, 1]);
    expect(at.map((timeS) => driveValue(drive, timeS))).toEqual([0, 0, -1.25, -2.5, -0.75, 1, 1]);
    expect(setPoint(drive, { stepTimeS: 2, voltageV: 3 })).toEqual({
      mode: 'current',
      currentA: -0.75,
    });
    expect(setPoint({ ...drive, quantity: 'power' }, { stepTimeS: 1, voltageV: 3 })).toEqual({
      mode: 'power',
      powerW: -2.5,
    });
  });

  it('of a drive cycle stays between its points', () => {
    const points = array(
      tuple(
        double({ min: 0.001, max: 1e4, noNaN: true }),
        double({ min: -1e3, max: 1e3, noNaN: true }),
      ),
      { minLength: 2, maxLength: 20 },
    );
    assert(
      property(
        points,
        double({ min: 0, max: 2e5, noNaN: true }),
        constantFrom('hold', 'linear'),
        (gaps, timeS, interpolation) => {
          let at = 0;
          const rising = gaps.map(([gap, value], index): [number, number] => [
            index === 0 ? 0 : (at += gap),
            value,
          ]);
          const value = driveValue(
            { do: 'drive', quantity: 'current', points: rising, interpolation },
            timeS,
          );
          const before = rising.findLastIndex(([from]) => from <= timeS);
          const ends = [rising[before]![1], (rising[before + 1] ?? rising[before]!)[1]];
          expect(value).toBeGreaterThanOrEqual(Math.min(...ends) - 1e-9);
          expect(value).toBeLessThanOrEqual(Math.max(...ends) + 1e-9);
          if (interpolation === 'hold') expect(value).toBe(ends[0]);
        },
      ),
    );
  });
});

describe('a record', () => {
  const rule = { everyS: 10, dV: 0.005, dA: 0.05 };
  const last = { testTimeS: 100, voltageV: 3.7, currentA: 1 };
  it('is due at first, after a time, and when voltage or current have changed', () => {
    expect(mustRecord(rule, undefined, last)).toBe(true);
    expect(mustRecord(rule, last, { ...last, testTimeS: 109.9, voltageV: 3.704 })).toBe(false);
    expect(mustRecord(rule, last, { ...last, testTimeS: 110 })).toBe(true);
    expect(mustRecord(rule, last, { ...last, voltageV: 3.694 })).toBe(true);
    expect(mustRecord(rule, last, { ...last, currentA: -1 })).toBe(true);
    expect(mustRecord({ everyS: 10 }, last, { ...last, currentA: -1 })).toBe(false);
  });

  it('is due at its period, whatever fractions the times are sums of', () => {
    assert(
      property(
        record({ start: integer({ min: 0, max: 1_000_000 }), every: integer({ min: 1, max: 9 }) }),
        ({ start, every }) => {
          const from = { ...last, testTimeS: start / 10 };
          expect(
            mustRecord({ everyS: every / 10 }, from, { ...last, testTimeS: (start + every) / 10 }),
          ).toBe(true);
          expect(
            mustRecord({ everyS: every / 10 }, from, {
              ...last,
              testTimeS: (start + every - 0.5) / 10,
            }),
          ).toBe(false);
        },
      ),
    );
  });

  it('follows the rule of its step, then of the program, then every 10 s', () => {
    expect(recordRuleOf(everything, everything.steps[1] as Step)).toEqual(rule);
    expect(recordRuleOf(everything, rest())).toEqual({ everyS: 1 });
    expect(recordRuleOf(cycling, rest())).toEqual({ everyS: 10 });
  });
});
