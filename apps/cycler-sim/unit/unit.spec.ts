import { describe, expect, it } from 'vitest';

import { beganS, charge, cycling, integrated, last, TestBench } from './bench.fixture.js';
import { Unit } from './unit.js';

describe('a unit and its server', () => {
  it('starts nothing without limits that are confirmed, and confirms none that it cannot keep', () => {
    const bench = new TestBench({ soc: 1.05 });
    const start = { program: charge(1), nominalCapacityAh: 2.6 };
    expect(bench.instruct('start', start)?.body).toMatchObject({
      ...{ status: 'refused', reason: 'station station-a has no device that is connected here' },
    });
    // Nothing of it is here, so that nothing is left to be done.
    for (const kind of ['stop', 'output-off'] as const) {
      expect(bench.instruct(kind)?.body).toMatchObject({ status: 'done', state: 'idle' });
    }
    const confirm = (limits: object, devices = ['sim-1']) =>
      bench.instruct('confirm-limits', { limits, devices })?.body;
    expect(confirm({}, ['other'])).toMatchObject({ status: 'refused' });
    expect(confirm({ voltageV: { max: 4.2 } })).toMatchObject({
      ...{
        status: 'refused',
        reason: expect.stringMatching(/^voltageV is 4\.\d+; its max is 4.2$/),
      },
    });
    expect(confirm({ currentA: { min: 20, max: 30 } })).toMatchObject({
      ...{ status: 'refused', reason: 'no currentA keeps these limits and those of the devices' },
    });
    expect(confirm({ currentA: { min: -1, max: 1 } })).toMatchObject({
      ...{ status: 'done', state: 'ready' },
    });
    expect(bench.instruct('start', { ...start, experiment: 'other' })?.body).toMatchObject({
      ...{ status: 'refused', state: 'ready' },
    });
    expect(bench.instruct('start', { ...start, program: { steps: [] } })?.body).toMatchObject({
      ...{ status: 'refused', reason: expect.stringMatching('^/program/steps') },
    });
    expect(bench.instruct('start', start)?.body).toMatchObject({ status: 'done' });
    expect(confirm({})).toMatchObject({ status: 'refused', state: 'running' });
  });

  it('switches off when nobody renews its lease, and says so', () => {
    const bench = new TestBench({ leaseS: 15 });
    expect(bench.start(charge(1))?.body).toMatchObject({
      ...{ status: 'refused', reason: 'nobody holds the lease of this unit' },
    });
    bench.lease(60);
    expect(bench.start(charge(1))?.body).toMatchObject({ status: 'done' });
    bench.pass(10, 1);
    bench.lease(15);
    bench.pass(14, 1);
    expect(bench.truth.state).toBe('running');
    bench.pass(2, 1);
    expect(bench.story).toEqual(['started 1', 'safe 1 lost']);
    expect(last(bench.witnesses)).toMatchObject({ output: 'off', currentA: 0 });
    expect(last(bench.witnesses).nowS - (beganS + 25)).toBeLessThanOrEqual(1);
    bench.pass(600);
    bench.lease(15);
    expect(last(bench.steps).what).toBe('safe');
    expect(bench.instruct('resume')?.body).toMatchObject({ status: 'done', state: 'running' });
  });

  it('sends a record every ten seconds at least while it runs, though its program wants fewer', () => {
    const bench = new TestBench();
    const restS = 300;
    bench.start({ steps: [{ do: 'rest', until: [{ timeS: restS }], record: { everyS: 3_600 } }] });
    bench.pass(restS - 10, 1);
    const gaps = bench.rows.map(
      ({ testTimeS }, row) => testTimeS - (bench.rows[row - 1]?.testTimeS ?? 0),
    );
    expect(Math.max(...gaps)).toBe(10);
    bench.passUntil('completed', restS);
    const { length } = bench.rows;
    bench.pass(600, 1);
    expect(bench.rows).toHaveLength(length);
  });

  it('is not kept alive by a lease whose time was over when it came', () => {
    const bench = new TestBench({ leaseS: 15 });
    bench.lease(-3);
    expect(bench.start(charge(1))?.body).toMatchObject({ status: 'refused' });
  });

  it('does what it is instructed once, however often it is told', () => {
    const bench = new TestBench();
    bench.start(charge(1));
    const again = { instruction: 'the same', reason: 'twice' };
    const first = bench.instruct('pause', again);
    bench.instruct('resume');
    expect(bench.instruct('pause', again)).toEqual(first);
    expect(bench.truth.state).toBe('running');
  });

  it('refuses what its device does not take, and what is no instruction', () => {
    const bench = new TestBench();
    bench.start(charge(1));
    bench.inject({ fault: 'refusal', times: 1 });
    expect(bench.instruct('output-off')?.body).toMatchObject({ status: 'refused' });
    expect(bench.truth.state).toBe('running');
    expect(bench.instruct('output-off')?.body).toMatchObject({ status: 'done', currentA: 0 });
    expect(bench.instruct('explode')?.body).toMatchObject({
      ...{ status: 'refused', reason: expect.stringMatching('^kind: expected one of') },
    });
    expect(bench.instruct('resume', { at: 5 })?.body).toMatchObject({ status: 'refused' });
  });

  it('says by request which devices it has, though there are none', () => {
    const bench = new TestBench();
    expect(bench.instruct('detect', { requestId: 'r-1' })?.body).toMatchObject({
      ...{ type: 'detection', requestId: 'r-1', devices: [{ serialNumber: 'sim-1' }] },
    });
    const unit = new Unit({ outputs: [], leaseS: undefined, flushS: 1 }, beganS);
    unit.follow({ instruction: 'i-1', kind: 'detect', requestId: 'r-2' }, 0);
    expect(unit.take(0).messages[0]?.body).toMatchObject({ requestId: 'r-2', devices: [] });
  });

  it('is interrupted by a loss of power, and goes on at the right step, the gap on record', () => {
    const bench = new TestBench({ soc: 0.2 });
    bench.start(cycling(2));
    bench.pass(3_000);
    const { stepCount, testTimeS } = last(bench.rows);
    const { chargeAh } = bench.truth;
    bench.losePower(7_200);
    expect(bench.truth).toMatchObject({ state: 'interrupted', currentA: 0, chargeAh });
    expect(last(bench.steps)).toMatchObject({
      ...{ what: 'interrupted', cause: 'lost', stepCount, stepId: 1, gapS: 7_200 },
    });
    expect(last(bench.steps).testTimeS).toBeCloseTo(testTimeS, 3);
    bench.pass(600);
    bench.instruct('resume');
    bench.passUntil('completed', 60_000);
    const ended = bench.steps.filter(({ what }) => what === 'ended');
    expect(ended.map(({ stepId }) => stepId)).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
    expect(ended.map((one) => one.stepCount)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const { truth, rows } = bench;
    expect(Math.abs(integrated(rows).chargeAh / truth.chargeAh - 1)).toBeLessThan(0.001);
    const gaps = rows.map((row, index) => row.testTimeS - (rows[index - 1]?.testTimeS ?? 0));
    expect(Math.max(...gaps)).toBeCloseTo(7_800, 0);
  });

  it('is still tripped after a loss of power', () => {
    const bench = new TestBench();
    bench.start(charge(1));
    bench.inject({ fault: 'trip', output: 'sim-1' });
    bench.pass(1);
    bench.losePower(60);
    expect(bench.truth.state).toBe('tripped');
    expect(bench.instruct('resume')?.body).toMatchObject({ status: 'refused' });
  });
});
