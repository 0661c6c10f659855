import { describe, expect, it } from 'vitest';

import { readDriveFile } from '#cycling/program/drive-file.js';

import { charge, cycling, integrated, last, TestBench } from './bench.fixture.js';

describe('a unit that executes a program', () => {
  it('cycles a cell ten times, and counts what the cell counts itself', () => {
    const bench = new TestBench({ soc: 0.2 });
    expect(bench.start(cycling(10))?.body).toMatchObject({ status: 'done', state: 'running' });
    bench.passUntil('completed', 10 * 20_000);
    const { steps, rows, truth } = bench;
    expect(truth).toMatchObject({ state: 'idle', currentA: 0 });
    const ended = steps.filter(({ what }) => what === 'ended');
    expect(ended.map(({ cause }) => cause)).toEqual(
      Array.from({ length: 10 }, () => ['current', 'time', 'voltage', 'time']).flat(),
    );
    expect(ended.map(({ stepCount }) => stepCount)).toEqual(ended.map((_, index) => index + 1));
    expect(ended.map(({ stepId }) => stepId).slice(0, 8)).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
    expect(ended.map(({ cycle }) => cycle)).toEqual(
      ended.map((_, index) => Math.floor(index / 4) + 1),
    );
    const counted = ended.reduce(
      (sum, { chargeAh, dischargeAh }) => [sum[0]! + chargeAh, sum[1]! + dischargeAh],
      [0, 0],
    );
    const samples = integrated(rows);
    for (const charged of [counted[0], samples.chargeAh]) {
      expect(Math.abs(charged! / truth.chargeAh - 1)).toBeLessThan(0.001);
    }
    for (const discharged of [counted[1], samples.dischargeAh]) {
      expect(Math.abs(discharged! / truth.dischargeAh - 1)).toBeLessThan(0.001);
    }
    for (const [index, row] of rows.entries()) {
      expect(row.testTimeS).toBeGreaterThanOrEqual(rows[index - 1]?.testTimeS ?? 0);
    }
    expect(rows.length).toBeLessThan(ended.length * 2_000);
  });

  it('says the same under the same seed, however its time is cut into ticks', () => {
    const said = (tickS: number) => {
      const bench = new TestBench({ soc: 0.2 });
      bench.start(cycling(1));
      bench.pass(20_000, tickS);
      return { steps: bench.steps, rows: bench.rows };
    };
    expect(said(7)).toEqual(said(1_000));
  });

  it('holds power, resistance and a drive cycle, and ends each by its own condition', () => {
    const bench = new TestBench({ isNoisy: false });
    bench.start({
      steps: [
        { do: 'cp', powerW: -5, until: [{ capacityAh: 0.1 }] },
        { do: 'cr', resistanceOhm: 3, until: [{ energyWh: 0.5 }] },
        { do: 'cc', cRate: 0.5, until: [{ voltageV: 4.1 }, { timeS: 100.5 }] },
        {
          do: 'drive',
          quantity: 'current',
          points: [
            [0, 0],
            [1, -2.5],
            [3.5, 1],
            [10, 0],
          ],
        },
      ],
      record: { everyS: 10, dA: 0.05 },
    });
    bench.pass(3_600);
    const ended = bench.steps.filter(({ what }) => what === 'ended');
    expect(ended.map(({ cause }) => cause)).toEqual(['capacity', 'energy', 'time', 'time']);
    expect(ended[0]?.dischargeAh).toBeCloseTo(0.1, 3);
    expect(ended[1]?.dischargeWh).toBeCloseTo(0.5, 2);
    expect(ended[2]).toMatchObject({ currentA: 1.3 });
    expect(ended[2]?.durationS).toBeCloseTo(100.5, 6);
    expect(ended[3]?.dischargeAh).toBeCloseTo((2.5 * 2.5) / 3_600, 6);
    expect(ended[3]?.chargeAh).toBeCloseTo(6.5 / 3_600, 6);
    expect(last(bench.steps).what).toBe('completed');
    // What is recorded of a change is what came before it, and what came after.
    expect(integrated(bench.rows).dischargeAh).toBeCloseTo(
      ended.reduce((sum, { dischargeAh }) => sum + dischargeAh, 0),
      2,
    );
  });

  it('goes on after a pause at what the step had done, and loses no charge in between', () => {
    const bench = new TestBench();
    bench.start({ steps: [{ do: 'cc', currentA: 1, until: [{ timeS: 1_000 }] }] });
    bench.pass(400);
    expect(bench.instruct('pause', { reason: 'lunch' })?.body).toMatchObject({ currentA: 0 });
    bench.pass(5_000);
    expect(bench.instruct('resume')?.body).toMatchObject({ status: 'done', state: 'running' });
    bench.pass(700);
    expect(bench.story).toEqual([
      ...['started 1', 'paused 1 operator', 'resumed 1', 'ended 1 time', 'completed 1'],
    ]);
    const ended = bench.steps[3];
    expect(ended?.durationS).toBeCloseTo(1_000, 6);
    expect(ended?.testTimeS).toBeCloseTo(6_000, 6);
    expect(ended?.chargeAh).toBeCloseTo(1_000 / 3_600, 3);
    expect(integrated(bench.rows).chargeAh).toBeCloseTo(bench.truth.chargeAh, 3);
  });

  it('goes on at what the server knows, where that is the step that it is at', () => {
    const bench = new TestBench();
    bench.start({ steps: [{ do: 'cc', currentA: 1, until: [{ capacityAh: 0.5 }] }] });
    bench.pass(100);
    bench.instruct('pause');
    const at = { stepCount: 2, stepTimeS: 200, chargeAh: 0.4, dischargeAh: 0 };
    expect(bench.instruct('resume', { at })?.body).toMatchObject({
      ...{ status: 'refused', reason: 'the unit is at step 1, not at step 2' },
    });
    bench.instruct('resume', { at: { ...at, stepCount: 1 } });
    bench.pass(500);
    expect(last(bench.steps)).toMatchObject({ what: 'completed' });
    expect(bench.truth.chargeAh).toBeCloseTo(0.1 + 100 / 3_600, 3);
  });

  it.each([
    ['as before', undefined],
    ['that the server knows', 0.8],
  ])('goes on with a C-rate of the measured capacity %s', (_, factor) => {
    const bench = new TestBench({ soc: 0.3 });
    bench.start({
      steps: [
        { do: 'cc', currentA: -1, until: [{ voltageV: 3 }], measures: 'capacity' },
        { do: 'cc', cRate: 0.5, of: 'measured', until: [{ timeS: 1_000 }] },
      ],
    });
    for (let n = 0; n < 200 && !bench.story.includes('started 2'); n += 1) bench.pass(60);
    bench.pass(100);
    const before = bench.truth.currentA;
    expect(before).toBeGreaterThan(0.1);
    bench.instruct('pause');
    bench.pass(100);
    bench.instruct('resume', factor ? { measuredCapacityAh: 2 * before * factor } : {});
    bench.pass(100);
    expect(bench.truth.currentA).toBeCloseTo(before * (factor ?? 1), 6);
  });

  it('follows drive cycles from files, by power and by voltage', () => {
    const bench = new TestBench({ isNoisy: false });
    const power = readDriveFile('time_s,power_w,speed_kmh\n0,0,0\n10,-5,30\n40,3,50\n60,0,0');
    const voltage = readDriveFile('time_s,voltage_mv\n0,3700\n30,3800\n60,3800');
    bench.start({
      steps: [
        { do: 'drive', ...power },
        { do: 'drive', ...voltage },
      ],
      record: { everyS: 1 },
    });
    bench.pass(300);
    const ended = bench.steps.filter(({ what }) => what === 'ended');
    expect(ended.map(({ cause, durationS }) => [cause, durationS])).toEqual([
      ...[
        ['time', 60],
        ['time', 60],
      ],
    ]);
    expect(ended[0]?.dischargeWh).toBeCloseTo((5 * 30) / 3_600, 3);
    expect(ended[0]?.chargeWh).toBeCloseTo((3 * 20) / 3_600, 3);
    const held = bench.rows.filter(({ stepId }) => stepId === 2).slice(-20, -1);
    for (const { voltageV } of held) expect(voltageV).toBeCloseTo(3.8, 2);
  });

  it('stops when it is told, and is idle then', () => {
    const bench = new TestBench();
    bench.start(charge(1));
    bench.pass(50);
    bench.instruct('stop', { reason: 'wrong cell' });
    expect(bench.story).toEqual(['started 1', 'ended 1 operator', 'stopped 1 operator']);
    expect(last(bench.steps).reason).toBe('wrong cell');
    expect(bench.truth).toMatchObject({ state: 'idle', currentA: 0 });
    expect(bench.instruct('resume')?.body).toMatchObject({ status: 'refused' });
  });
});
