import { existsSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { SetPoint } from '#cycling/program/set-point.js';
import { projectRoot } from '#testing/build.js';

import { type CellState, passed, restedCell, terminalV } from './cell.js';
import { currentFor } from './control.js';
import { loadCell } from './load-cell.js';
import { analyticCell, type CellModel } from './model.js';
import { SeededRandom } from './random.js';
import { cellOfTables } from './tables.js';

const tables = join(projectRoot, '..', 'shared', 'data', 'battery', 'pybamm-ecm');
const ambientC = 25;
const models: readonly (readonly [string, CellModel])[] = [
  ['the analytic cell', analyticCell(2.6)],
  ...(existsSync(tables) ? [['the measured cell', loadCell(2.6, tables)] as const] : []),
];

const held = (
  model: CellModel,
  from: CellState,
  setPoint: SetPoint,
  { dtS = 1, seconds = 1, maxA = 10 } = {},
) => {
  let state = from;
  const currents: number[] = [];
  for (let step = 0; step < Math.round(seconds / dtS); step += 1) {
    const currentA = currentFor(model, state, setPoint, { dtS, ambientC, minA: -maxA, maxA });
    state = passed(model, state, currentA, { dtS, ambientC });
    currents.push(currentA);
  }
  return { state, currents, voltageV: terminalV(model, state, currents.at(-1) ?? 0) };
};
const rest = { mode: 'off' } as const;
const current = (currentA: number) => ({ mode: 'current', currentA }) as const;
const stepS = fc.double({ min: 0.1, max: 10, noNaN: true });

describe.each(models)('%s', (_, model) => {
  it('conserves charge: what went in is what its state of charge says', () => {
    const load = fc.array(fc.tuple(fc.double({ min: -8, max: 8, noNaN: true }), stepS), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(load, (steps) => {
        let state = restedCell(0.5, ambientC);
        for (const [currentA, dtS] of steps) {
          state = passed(model, state, currentA, { dtS, ambientC });
        }
        const netAh = state.chargeAh - state.dischargeAh;
        const expected = steps.reduce((sum, [currentA, dtS]) => sum + (currentA * dtS) / 3_600, 0);
        expect(netAh).toBeCloseTo(expected, 9);
        expect(state.soc).toBeCloseTo(0.5 + netAh / model.capacityAh, 9);
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it('gives no more energy than was put into it, back at the same state of charge', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 10, noNaN: true }),
        fc.double({ min: 0.5, max: 3, noNaN: true }),
        (dtS, amperes) => {
          const seconds = (0.5 * model.capacityAh * 3_600) / amperes;
          const steps = Math.floor(seconds / dtS);
          const full = held(model, restedCell(0.3, ambientC), current(amperes), {
            dtS,
            seconds: steps * dtS,
          });
          const back = held(model, full.state, current(-amperes), { dtS, seconds: steps * dtS });
          expect(back.state.soc).toBeCloseTo(0.3, 6);
          expect(back.state.dischargeWh).toBeLessThan(back.state.chargeWh);
          expect(back.state.dischargeWh).toBeGreaterThan(0.6 * back.state.chargeWh);
        },
      ),
      { seed: 2, numRuns: 5 },
    );
  });

  it('comes to rest at its open-circuit voltage and the temperature around it', () => {
    const used = held(model, restedCell(0.8, ambientC), current(-2.6), { seconds: 1_200 });
    expect(used.voltageV).toBeLessThan(model.ocvV(used.state.soc) - 0.02);
    expect(used.state.temperatureC).toBeGreaterThan(ambientC + 0.1);
    const rested = held(model, used.state, rest, { dtS: 10, seconds: 36_000 });
    expect(rested.voltageV).toBeCloseTo(model.ocvV(rested.state.soc), 4);
    expect(rested.state.temperatureC).toBeCloseTo(ambientC, 2);
  });

  it('takes less and less current at a constant voltage, and holds that voltage', () => {
    const charged = held(model, restedCell(0.7, ambientC), current(2.6), { seconds: 400 });
    const target = charged.voltageV;
    const { currents, voltageV } = held(
      model,
      charged.state,
      { mode: 'voltage', voltageV: target },
      { seconds: 3_600 },
    );
    expect(voltageV).toBeCloseTo(target, 6);
    for (const [index, one] of currents.entries()) {
      expect(one).toBeLessThanOrEqual((currents[index - 1] ?? 10) + 1e-6);
    }
    expect(currents.at(-1)).toBeLessThan(0.6 * (currents[0] ?? 0));
    expect(currents.at(-1)).toBeGreaterThan(0);
  });

  it('holds power and resistance, within what the converter gives', () => {
    const from = restedCell(0.6, ambientC);
    for (const powerW of [-12, -3, 4, 9]) {
      const { currents, voltageV } = held(model, from, { mode: 'power', powerW });
      expect((currents[0] ?? 0) * voltageV).toBeCloseTo(powerW, 5);
    }
    const drawn = held(model, from, { mode: 'resistance', resistanceOhm: 2 });
    expect(drawn.voltageV / -(drawn.currents[0] ?? 0)).toBeCloseTo(2, 5);
    expect(held(model, from, { mode: 'power', powerW: -500 }, { maxA: 6 }).currents[0]).toBe(-6);
    expect(held(model, from, { mode: 'voltage', voltageV: 4.6 }, { maxA: 3 }).currents[0]).toBe(3);
  });

  it('stays within bounds at any length of a step', () => {
    const setPoint = fc.oneof(
      fc.constant(rest),
      fc.record({
        mode: fc.constant('current' as const),
        currentA: fc.double({ min: -5, max: 5, noNaN: true }),
      }),
      fc.record({
        mode: fc.constant('voltage' as const),
        voltageV: fc.double({ min: 3, max: 4.2, noNaN: true }),
      }),
      fc.record({
        mode: fc.constant('power' as const),
        powerW: fc.double({ min: -15, max: 15, noNaN: true }),
      }),
      fc.record({
        mode: fc.constant('resistance' as const),
        resistanceOhm: fc.double({ min: 1, max: 50, noNaN: true }),
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(setPoint, stepS), { maxLength: 60 }), (steps) => {
        let state = restedCell(0.5, ambientC);
        for (const [one, dtS] of steps) {
          ({ state } = held(model, state, one, { dtS, seconds: dtS, maxA: 5 }));
          expect(Math.abs(state.rcV)).toBeLessThan(1);
          expect(state.temperatureC).toBeGreaterThan(ambientC - 1e-6);
          expect(state.temperatureC).toBeLessThan(80);
          expect(Math.abs(terminalV(model, state, 0))).toBeLessThan(10);
        }
      }),
      { seed: 3, numRuns: 50 },
    );
  });

  it('is the same cell whatever the steps that pass', () => {
    const by = (dtS: number) =>
      held(model, restedCell(0.5, ambientC), current(1.3), { dtS, seconds: 600 });
    expect(by(10).voltageV).toBeCloseTo(by(0.1).voltageV, 3);
    expect(by(10).state.temperatureC).toBeCloseTo(by(0.1).state.temperatureC, 2);
  });
});

describe('tables of a cell', () => {
  const grid = (value: (t: number, i: number, s: number) => number): string =>
    [
      't,i,s,v',
      ...[0, 20].flatMap((t) =>
        [-10, 0, 10].flatMap((i) => [0, 1].map((s) => [t, i, s, value(t, i, s)].join(','))),
      ),
    ].join('\n');
  const files = {
    ocv: 's,v\n0,3\n1,4',
    r0: grid((t, i, s) => 10 + t + i / 10 + s),
    r1: grid(() => 1),
    c1: grid(() => 100),
  };

  it('are read between their points in straight lines, and held at their edges', () => {
    const model = cellOfTables(files);
    expect(model.ocvV(0.25)).toBeCloseTo(3.25);
    expect(model.ocvV(1.5)).toBeCloseTo(4.5);
    // The tables count a discharge as positive.
    expect(model.r0Ohm({ temperatureC: 5, currentA: -5, soc: 0.5 })).toBeCloseTo(16);
    expect(model.r0Ohm({ temperatureC: 90, currentA: -50, soc: 2 })).toBeCloseTo(32);
  });

  it('make a smaller cell of a larger one', () => {
    const small = cellOfTables(files, 10);
    expect(small.r0Ohm({ temperatureC: 5, currentA: -0.5, soc: 0.5 })).toBeCloseTo(160);
    const middle = { temperatureC: 10, currentA: 0, soc: 0.5 };
    expect(small.r1Ohm(middle) * small.c1F(middle)).toBeCloseTo(100);
  });

  it('are refused with the line that is wrong, or where a point is missing', () => {
    expect(() => cellOfTables({ ...files, r0: 't,i,s,v\n1,2,3,4\n1,2,x,4' })).toThrow('line 3');
    expect(() => cellOfTables({ ...files, r0: `${files.r0}\n20,11,1,7` })).toThrow('missing');
  });
});

describe('random numbers', () => {
  it('are the same by seed, and go on from where they were saved', () => {
    const random = new SeededRandom(7);
    const first = [random.normal(), random.normal()];
    const again = new SeededRandom(7);
    expect([again.normal()]).toEqual(first.slice(0, 1));
    expect(new SeededRandom(again.saved).normal()).toBe(first[1]);
    const many = Array.from({ length: 10_000 }, () => random.normal());
    const mean = many.reduce((sum, one) => sum + one, 0) / many.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(many.reduce((sum, one) => sum + one ** 2, 0) / many.length).toBeCloseTo(1, 1);
  });
});
