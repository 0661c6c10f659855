import { describe, expect, it } from 'vitest';

import type { Witness } from '#test/lab/lab-system.js';

import type { LoggedEvent } from '../checks.js';
import { labFaults } from './invariants.js';
import { chargeFaults, integralOf, loggedPoints, recordFaults, witnessFaults } from './records.js';

const began = Date.UTC(2026, 4, 4, 11);
const at = (seconds: number): string => new Date(began + seconds * 1_000).toISOString();

/** Events of one stream, one a second. */
const stream = (
  id: string,
  ...events: readonly (readonly [type: string, data?: object, atS?: number])[]
): readonly LoggedEvent[] =>
  events.map(([type, data = {}, atS], revision) => ({
    ...{ position: String(revision), stream: id, revision, type },
    recordedAt: at(atS ?? revision),
    data: data as LoggedEvent['data'],
    metadata: { $correlationId: 'c', commandId: 'c', source: 'process' },
  }));

const queued = ['ExperimentQueued', { stationId: 's', batteryId: 'b' }] as const;
const assigned = ['ExperimentAssigned', { devices: [{ deviceId: 'd' }] }] as const;
const told = (kind: string) =>
  ['InstructionIssued', { kind, instruction: kind, issuedAt: at(3) }] as const;
const limits = ['LimitsConfirmed'] as const;
const started = ['ExperimentStarted'] as const;
const step = (type: 'Started' | 'Ended', stepCount: number) =>
  [`Step${type}`, { stepCount, testTimeS: stepCount, chargeAh: 1, dischargeAh: 0 }] as const;
const completed = ['ExperimentCompleted', { testTimeS: 20 }] as const;
const begun = [queued, assigned, limits, told('start'), started] as const;
const trip = ['SafetyTripped'] as const;
const off = ['OutputOffConfirmed', { testTimeS: 10 }] as const;
const ended = [['ExperimentEnding'], off, ['ExperimentAborted']] as const;

const faultsOf = (...events: Parameters<typeof stream>[1][]) =>
  labFaults(stream('experiment-e', ...events));

describe('the log of a lab', () => {
  it('has whole experiments', () => {
    expect(faultsOf(...begun, step('Started', 1), step('Ended', 1), completed)).toEqual([]);
    expect(faultsOf(...begun, step('Started', 1), trip, ...ended)).toEqual([]);
    expect(faultsOf(...begun)).toEqual([
      'e: its output is on in the end',
      'e has not ended: ExperimentStarted',
    ]);
    expect(faultsOf(...begun, completed, trip)).toHaveLength(1);
  });

  it('has one experiment at a time for each station, battery and device', () => {
    const one = stream('experiment-e', ...begun, completed);
    const other = stream('experiment-f', ...begun, completed);
    expect(labFaults([...one, ...other])).toEqual([]);
    expect(labFaults([...one.slice(0, 3), ...other, ...one.slice(3)])).toHaveLength(3);
  });

  it('has each step once, in its order', () => {
    expect(faultsOf(...begun, step('Started', 2), step('Ended', 2), completed)).toHaveLength(1);
    expect(faultsOf(...begun, step('Started', 1), step('Started', 2), completed)).toHaveLength(1);
    const twice = [step('Started', 1), step('Ended', 1), step('Ended', 1)] as const;
    expect(faultsOf(...begun, ...twice, completed)).toHaveLength(1);
  });

  it('has each instruction once', () => {
    expect(faultsOf(...begun, told('pause'), completed)).toEqual([]);
    expect(faultsOf(...begun, told('pause'), told('pause'), completed)).toHaveLength(1);
  });

  it('has no start without limits', () => {
    expect(faultsOf(queued, assigned, told('start'), started, completed)).toHaveLength(1);
    const lost = ['ExperimentInterrupted', { cause: 'powerLoss' }] as const;
    const resumed = [told('resume'), ['ExperimentResumed']] as const;
    expect(faultsOf(...begun, lost, ...resumed, completed)).toHaveLength(1);
    expect(faultsOf(...begun, lost, limits, ...resumed, completed)).toEqual([]);
  });

  it('has an output that is off soon after a trip, or an alarm', () => {
    const late = [...begun, [...trip, {}, 10] as const, [...off, 20] as const, ...ended] as const;
    expect(faultsOf(...late)).toEqual(['e: off 10 s after a trip, and no alarm escalated']);
    const alarm = stream(
      'cyclerAlarm-a',
      ['CyclerAlarmRaised', { experimentId: 'e', kind: 'outputOffNotConfirmed' }, 12],
      ['CyclerAlarmEscalated', {}, 12],
      ['CyclerAlarmCleared', {}, 20],
    );
    const whole = stream('experiment-e', ...late);
    expect(labFaults([...whole, ...alarm])).toEqual([]);
    expect(labFaults([...whole, ...alarm.slice(0, 2)])).toHaveLength(1);
  });

  it('goes on after a trip when it is reset', () => {
    const resumed = [['ResumeRequested'], told('resume'), ['ExperimentResumed']] as const;
    expect(faultsOf(...begun, trip, off, ...resumed, completed)).toHaveLength(3);
    expect(faultsOf(...begun, trip, off, ['TripReset'], ...resumed, completed)).toEqual([]);
  });
});

describe('the records of an experiment', () => {
  const columns = {
    ...{ experiment: 'e', experimentId: 'e', testTimeS: [0, 60, 60, 120] },
    ...{ stepCount: [1, 1, 2, 2], voltageV: [3, 3, 3, 3], currentA: [30, 30, -30, -30] },
  };
  const records = (more: object = {}) =>
    stream('cyclerSamples-e.20260504', ['CyclerSamplesRecorded', { ...columns, ...more }]);
  const end = ['ExperimentCompleted', { testTimeS: 120 }] as const;
  const experiment = { id: 'e', events: stream('experiment-e', ...begun, end) };
  const sent = [columns] as unknown as Parameters<typeof recordFaults>[2];

  it('are those of the unit, and lie before its end', () => {
    const points = loggedPoints([...records(), ...records()], 'e');
    expect(recordFaults(experiment, points, sent)).toEqual([]);
    expect(recordFaults(experiment, points.slice(1), sent)).toHaveLength(1);
    expect(recordFaults(experiment, points, [])).toHaveLength(1);
    const early = {
      id: 'e',
      events: stream('experiment-e', ...begun, [...end.slice(0, 1), { testTimeS: 5 }] as never),
    };
    expect(recordFaults(early, points, sent)).toHaveLength(1);
  });

  it('move what the steps and the truth say', () => {
    const steps = (chargeAh: number) =>
      stream('experiment-e', step('Started', 1), [
        'StepEnded',
        { ...{ stepCount: 1, testTimeS: 9 }, chargeAh, dischargeAh: 0.5 },
      ]);
    const truth = (chargeAh: number) =>
      [
        { experiment: 'e', output: 'on', chargeAh: 7, dischargeAh: 3 },
        { experiment: 'e', output: 'off', chargeAh: 7 + chargeAh, dischargeAh: 3.5 },
      ] as unknown as readonly Witness[];
    const points = loggedPoints(records(), 'e');
    const faults = (said: number, real: number) =>
      chargeFaults({ id: 'e', events: steps(said) }, points, truth(real));
    expect(faults(0.5, 0.5)).toEqual([]);
    expect(faults(0.51, 0.5)).toHaveLength(1);
    expect(faults(0.5, 0.51)).toHaveLength(2);
  });

  it('say nothing of what lies between those that are far apart', () => {
    const apart = records({ testTimeS: [0, 60, 9e4, 9e4 + 60], stepCount: [1, 1, 1, 1] });
    expect(integralOf(loggedPoints(apart, 'e'))).toEqual({ chargeAh: 0.5, dischargeAh: 0.5 });
  });
});

describe('the witness of a unit', () => {
  const log = stream('experiment-e', [...told('start'), 3]);
  const moment = (output: string, atS: number) =>
    ({ output, wallMs: began + atS * 1_000, experiment: 'e' }) as unknown as Witness;

  it('knows of no output that went on by itself, or stays on', () => {
    expect(witnessFaults('o', [moment('on', 4), moment('off', 5)], log)).toEqual([]);
    expect(witnessFaults('o', [moment('on', 4)], log)).toEqual(['o is on']);
    expect(witnessFaults('o', [moment('on', 2), moment('off', 5)], log)).toHaveLength(1);
    const again = [moment('on', 4), moment('off', 5), moment('on', 6), moment('off', 7)];
    expect(witnessFaults('o', again, log)).toHaveLength(1);
  });
});
