import { describe, expect, it } from 'vitest';

import type { Program } from '#cycling/program/program.js';

import { beganS, charge, last, TestBench } from './bench.fixture.js';

const resting: Program = { steps: [{ do: 'rest', until: [{ timeS: 36_000 }] }] };
/** Seconds between the first truth beyond a limit and the output being off. */
const offAfterS = (bench: TestBench, fromS: number): number => {
  const witness = bench.witnesses.at(-1);
  expect(witness?.output).toBe('off');
  expect(witness?.currentA).toBe(0);
  return (witness?.nowS ?? 0) - fromS;
};

describe('a unit that watches over limits', () => {
  const tripped = (bench: TestBench) => {
    expect(bench.truth).toMatchObject({ state: 'tripped', currentA: 0 });
    const said = last(bench.steps);
    expect(said).toMatchObject({ what: 'tripped', cause: 'trip', stepCount: 1 });
    bench.pass(3_600);
    // Nothing goes on by itself.
    expect(last(bench.steps)).toBe(said);
    return said.trip;
  };

  it('switches off at over-voltage, 0.1 s after it was measured', () => {
    const bench = new TestBench({ soc: 0.97, stepS: 0.1 });
    bench.start(charge(2));
    bench.pass(10);
    const fromS = bench.truth.nowS;
    expect(bench.truth.voltageV).toBeLessThan(4.25);
    bench.inject({ fault: 'regulation', output: 'sim-1', factor: 2.5 });
    bench.pass(5, 0.1);
    expect(tripped(bench)).toMatchObject({ quantity: 'voltageV', bound: 'max', limit: 4.25 });
    expect(offAfterS(bench, fromS)).toBeLessThanOrEqual(0.21);
  });

  it('switches off at under-voltage', () => {
    const bench = new TestBench({ soc: 0.05 });
    bench.start(charge(-2.6));
    bench.pass(1_000);
    expect(tripped(bench)).toMatchObject({ quantity: 'voltageV', bound: 'min', limit: 2.5 });
    expect(last(bench.rows).currentA).toBeCloseTo(0, 2);
  });

  it('switches off at over-current, whoever is to blame', () => {
    const bench = new TestBench();
    bench.start(charge(5));
    bench.pass(10);
    const fromS = bench.truth.nowS;
    bench.inject({ fault: 'regulation', output: 'sim-1', factor: 1.5 });
    bench.pass(5, 0.1);
    expect(tripped(bench)).toMatchObject({ quantity: 'currentA', bound: 'max', limit: 6 });
    // One reading of a second shows it, and one after the time that it must last.
    expect(bench.witnesses[1]!.nowS - fromS).toBeLessThanOrEqual(1.11);
  });

  it('takes a set point beyond a limit for what it is at the first reading', () => {
    const bench = new TestBench();
    bench.start(charge(7));
    bench.pass(2);
    tripped(bench);
    expect(bench.witnesses[1]!.nowS - beganS).toBeCloseTo(0.1, 3);
  });

  it('switches off at over-temperature, and is not reset while it is too warm', () => {
    const bench = new TestBench();
    bench.start(resting);
    bench.pass(60);
    bench.inject({ fault: 'warmth', output: 'sim-1', byK: 40 });
    bench.pass(3_600);
    expect(tripped(bench)).toMatchObject({ quantity: 'temperatureC', bound: 'max', limit: 45 });
    expect(bench.instruct('resume')?.body).toMatchObject({ status: 'refused' });
    expect(bench.instruct('reset-trip')?.body).toMatchObject({
      ...{ status: 'refused', reason: expect.stringMatching('^temperatureC is'), state: 'tripped' },
    });
    bench.inject({ fault: 'warmth', output: 'sim-1', byK: 0 });
    bench.pass(36_000);
    expect(bench.instruct('reset-trip')?.body).toMatchObject({ status: 'done', state: 'paused' });
    expect(bench.instruct('resume')?.body).toMatchObject({ status: 'done', state: 'running' });
  });

  it.each(['voltageV', 'currentA', 'temperatureC'] as const)(
    'takes a sensor of %s that says the same all the time for stuck',
    (sensor) => {
      const bench = new TestBench();
      bench.start(charge(0.5));
      bench.pass(60);
      bench.inject({ fault: 'stuck', output: 'sim-1', sensor, forS: 3_600 });
      bench.pass(29);
      expect(bench.truth.state).toBe('running');
      bench.pass(3);
      expect(tripped(bench)).toMatchObject({ reason: 'sensor', quantity: sensor });
    },
  );

  it('is not tripped by less than the persistence, nor by a sensor that works', () => {
    const bench = new TestBench();
    bench.start(charge(5), { persistenceS: 5 });
    bench.inject({ fault: 'regulation', output: 'sim-1', factor: 1.5 });
    bench.pass(3);
    bench.inject({ fault: 'regulation', output: 'sim-1', factor: 1 });
    bench.pass(120);
    expect(bench.truth.state).toBe('running');
  });

  it('latches by its device, and by the order to switch off', () => {
    for (const [act, reason] of [
      [(bench: TestBench) => bench.inject({ fault: 'trip', output: 'sim-1' }), 'device'],
      [(bench: TestBench) => void bench.instruct('output-off'), 'instruction'],
    ] as const) {
      const bench = new TestBench();
      bench.start(charge(1));
      bench.pass(10);
      act(bench);
      bench.pass(1);
      expect(tripped(bench)).toEqual({ reason });
      expect(bench.instruct('stop')?.body).toMatchObject({ status: 'done', state: 'tripped' });
      expect(bench.instruct('reset-trip')?.body).toMatchObject({ state: 'idle' });
    }
  });

  it('is misled by a sensor that drifts, and the truth shows by how much', () => {
    const bench = new TestBench();
    bench.start(charge(1));
    bench.inject({
      ...{ fault: 'drift', output: 'sim-1', sensor: 'voltageV', forS: 9_999, perHour: 0.1 },
    });
    bench.pass(3_600);
    expect(last(bench.rows).voltageV - bench.truth.voltageV).toBeCloseTo(0.1, 2);
  });

  it('keeps the time of the test when its clock jumps, and begins other samples there', () => {
    const bench = new TestBench();
    bench.start(charge(0.5));
    bench.pass(100);
    bench.inject({ fault: 'clock-jump', byS: -3_600 });
    bench.pass(100);
    const { rows } = bench;
    expect(last(rows).testTimeS).toBeCloseTo(200, 3);
    expect(last(rows).utcMs).toBe((beganS + 200 - 3_600) * 1_000);
    const jumps = rows.filter((row, index) => row.utcMs < (rows[index - 1]?.utcMs ?? 0));
    expect(jumps).toHaveLength(1);
  });
});
