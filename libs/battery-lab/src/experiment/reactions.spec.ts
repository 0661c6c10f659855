import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { examples, off, running, stateOf, tripped } from './experiment.fixture.js';
import { acts, Lab } from './reactions.fixture.js';
import { reactionsTo } from './reactions.js';
import { hasEnded } from './state.js';

describe('the supervision of an experiment', () => {
  it('runs it to its end where everything answers', () => {
    const lab = new Lab();
    for (let turn = 0; turn < 20; turn += 1) {
      lab.supervise();
      lab.deliver();
      lab.step();
    }
    expect(lab.experiment.status).toBe('completed');
    expect(lab.alarms.size).toBe(0);
    expect(lab.events.filter((type) => type === 'InstructionIssued')).toHaveLength(2);
  });

  it('raises an alarm where an output is not confirmed to be off within 2 s, and goes on telling it', () => {
    const lab = new Lab();
    for (let turn = 0; turn < 4; turn += 1) {
      lab.supervise();
      lab.deliver();
    }
    lab.unit.isAway = true;
    acts['see a breach'](lab);
    lab.supervise();
    expect([...lab.alarms.values()]).toEqual(['safetyTrip']);
    lab.now += 2_000;
    lab.supervise();
    expect([...lab.alarms.values()]).toEqual(['safetyTrip', 'outputOffNotConfirmed']);
    for (let turn = 0; turn < 30; turn += 1) {
      lab.wait();
      lab.supervise();
    }
    expect(lab.experiment.open).toMatchObject({ kind: 'output-off' });
    // However it is told, it is one alarm.
    acts.abort(lab);
    lab.supervise();
    lab.wait();
    lab.supervise();
    lab.unit.isAway = false;
    for (let turn = 0; turn < 6; turn += 1) {
      lab.deliver();
      lab.supervise();
    }
    expect(lab.unit.output).toBe(false);
    expect(lab.experiment.status).toBe('aborted');
    expect(lab.alarms.size).toBe(0);
  });

  it('raises one alarm for an experiment that is interrupted again before it goes on', () => {
    const lab = new Lab();
    for (let turn = 0; turn < 4; turn += 1) {
      lab.supervise();
      lab.deliver();
    }
    acts['make safe'](lab);
    lab.supervise();
    expect([...lab.alarms.values()]).toEqual(['unitLost']);
    lab.unit.isRunning = true;
    acts['lose power'](lab);
    lab.supervise();
    expect([...lab.alarms.values()]).toEqual(['unitLost']);
    acts.abort(lab);
    for (let turn = 0; turn < 4; turn += 1) {
      lab.supervise();
      lab.deliver();
    }
    expect(lab.experiment.status).toBe('aborted');
    expect(lab.alarms.size).toBe(0);
  });

  it('ends the alarms of all trips and interruptions that the next one has followed at once', () => {
    const again = { ...tripped, data: { ...tripped.data, isOutputOn: true } };
    const trips = reactionsTo(stateOf([...running, tripped, off, again, off, again]), 0);
    for (const subject of ['trip 1', 'trip 2']) {
      expect(trips).toContainEqual(expect.objectContaining({ do: 'clear', subject }));
    }
    expect(trips).toContainEqual(expect.objectContaining({ do: 'raise', subject: 'trip 3' }));
    const { ExperimentInterrupted: stopped, ExperimentResumed: resumed } = examples;
    const thrice = [stopped, resumed, stopped, resumed, stopped];
    const interruptions = reactionsTo(stateOf([...running, ...thrice]), 0);
    expect(
      interruptions.map(({ do: what, ...of }) => [what, 'subject' in of && of.subject]),
    ).toEqual([
      ['clear', 'interruption 1'],
      ['clear', 'interruption 2'],
      ['raise', 'interruption 3'],
    ]);
  });

  it('never believes an output to be off that is on, and ends with it off, whatever happens', () => {
    const act = fc.constantFrom(...(Object.keys(acts) as (keyof typeof acts)[]));
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (names) => {
        const lab = new Lab();
        for (const name of names) {
          lab.supervise();
          acts[name](lab);
          // What is off by the log is off by the unit.
          if (lab.unit.output) expect(lab.experiment.output).toBe('on');
          if (lab.unit.output) expect(lab.unit.hasLimits).toBe(true);
          if (hasEnded(lab.experiment)) expect(lab.unit.output).toBe(false);
          const { status, output, ending } = lab.experiment;
          if (status === 'running' && !ending) expect(output).toBe('on');
        }
        lab.unit.isAway = lab.unit.isUnwilling = false;
        acts.abort(lab);
        for (let turn = 0; turn < 40; turn += 1) {
          lab.supervise();
          lab.deliver();
          lab.wait();
        }
        expect(lab.unit.output).toBe(false);
        expect(hasEnded(lab.experiment)).toBe(true);
        expect([...lab.alarms.values()].filter((kind) => kind !== 'experimentFailed')).toEqual([]);
        // The next experiment finds it free.
        if (lab.experiment.status !== 'cancelled') expect(lab.unit.isTripped).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});
