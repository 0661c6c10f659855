import { describe, expect, it } from 'vitest';

import { experimentDecider } from './decider.js';
import {
  acknowledged,
  assigned,
  at,
  command,
  confirmed,
  examples,
  given,
  issue,
  issued,
  off,
  offAt,
  queued,
  running,
  stateOf,
  stepEnded,
  stepStarted,
  tripped,
} from './experiment.fixture.js';
import { isBeforeOff } from './found-on.js';
import { reactionsTo } from './reactions.js';

/** An answer with what the unit measures, in amperes. */
const answered = (instruction: string, status: 'done' | 'refused', currentA: number) =>
  command('AnswerInstruction', { instruction, status, reason: 'no', at, currentA });
const found = (what: string) => ({
  type: 'SafetyTripped',
  data: {
    ...{ by: 'server', interlock: 'output', message: `the output should be off: ${what}` },
    isOutputOn: true,
  },
});
const measured = found('the unit measures 1.5 A');
const paused = [...running, examples.ExperimentPaused];
const resuming = [...paused, examples.ResumeRequested, issued('resume')];

describe('an answer with a current', () => {
  it('confirms no output that is off: the unit is told again', () => {
    const refused = {
      type: 'InstructionRefused',
      data: { instruction: 'output-off', reason: 'the unit measures 1.5 A' },
    } as const;
    const state = given(...running, tripped, issued('output-off'))
      .when(answered('output-off', 'done', 1.5))
      .then(refused);
    expect(state).toMatchObject({ output: 'on', open: { isRefused: true } });
    given(...running, tripped, issued('output-off'), refused)
      .when(issue('output-off', 'again'))
      .then(issued('output-off', 'again' as never));
    // What the sensors err by is no current.
    given(...running, tripped, issued('output-off'))
      .when(answered('output-off', 'done', 0.1))
      .then(acknowledged('output-off'), off);
  });

  it.each([
    ['a pause', answered('pause', 'done', 1.5), [...running, issued('pause')]],
    ['a refused resume', answered('resume', 'refused', 1.5), resuming],
    [
      'a refused start',
      answered('start', 'refused', 1.5),
      [queued, assigned, ...confirmed, issued('start')],
    ],
    [
      'the reset of a trip',
      answered('reset-trip', 'done', 1.5),
      [...running, tripped, off, issued('reset-trip')],
    ],
  ] as const)('trips %s, with the output on', (_, command, events) => {
    const state = stateOf(events);
    const [first, ...others] = experimentDecider.decide(command, state);
    expect(first?.type).toMatch(/InstructionAcknowledged|InstructionRefused/);
    expect(others).toMatchObject([measured]);
    const after = stateOf([...events, first!, ...others]);
    expect(after).toMatchObject({ status: 'tripped', output: 'on', open: null });
    expect(reactionsTo(after, 0).filter(({ do: what }) => what !== 'clear')).toMatchObject([
      { do: 'issue', kind: 'output-off' },
      { do: 'raise', kind: 'safetyTrip' },
      { do: 'raise', kind: 'outputOffNotConfirmed', message: measured.data.message },
    ]);
  });

  it('is as good as one without where the output is on', () => {
    given(...resuming)
      .when(answered('resume', 'done', 1.5))
      .then(acknowledged('resume'), examples.ExperimentResumed);
  });

  it('is one too where the unit says that it runs', () => {
    const runs = command('AnswerInstruction', {
      ...{ instruction: 'start', status: 'refused', reason: 'no', at, state: 'running' },
    });
    const state = stateOf([queued, assigned, ...confirmed, issued('start')]);
    expect(experimentDecider.decide(runs, state)[1]).toMatchObject(
      found('the unit says that it runs'),
    );
  });
});

describe('a record with a current', () => {
  const later = '2026-05-04T11:00:03.000Z';
  const seen = (currentA: number, testTimeS: number, utc = later) =>
    command('NoteCurrent', { currentA, testTimeS, at: utc });
  const recorded = found('the unit has recorded 1.5 A');

  it('trips where the output went off before it', () => {
    const state = stateOf(paused);
    expect(experimentDecider.decide(seen(1.5, 30), state)).toMatchObject([recorded]);
    expect(experimentDecider.decide(seen(1.5, 30, at), state)).toEqual([]);
    expect(experimentDecider.decide(seen(0.1, 30), state)).toEqual([]);
  });

  it('is told by the test time where the unit has said it, since its clock may be set', () => {
    const data = { by: 'unit', testTimeS: 61.5, at } as const;
    const state = stateOf([...running, tripped, { type: 'OutputOffConfirmed', data }]);
    expect(experimentDecider.decide(seen(1.5, 61.5), state)).toEqual([]);
    expect(experimentDecider.decide(seen(1.5, 64), state)).toMatchObject([recorded]);
  });

  it('is what there is while the output is on', () => {
    expect(experimentDecider.decide(seen(1.5, 30), stateOf(running))).toEqual([]);
    expect(experimentDecider.decide(seen(1.5, 30), stateOf(resuming))).toEqual([]);
  });
});

it('a step that begins while the output is off is a fact, and a trip', () => {
  const begun = [...running, stepEnded(1, 'voltage'), examples.ExperimentPaused];
  const note = command('NoteStepStarted', stepStarted(2).data);
  const what = 'the unit has begun step 2 of cycle 1 as number 2';
  expect(experimentDecider.decide(note, stateOf(begun))).toMatchObject([
    stepStarted(2),
    found(what),
  ]);
});

it('the alarm of an output that was found on ends when it is off', () => {
  const trip = { ...tripped, data: { ...tripped.data, isOutputOn: true } } as const;
  const state = stateOf([...paused, trip, issued('output-off'), acknowledged('output-off'), off]);
  expect(reactionsTo(state, 0)).toContainEqual({
    ...{ do: 'clear', subject: 'found on 1', kind: 'outputOffNotConfirmed' },
    message: 'the output is off',
  });
});

describe('what a unit says with its output off, and measures a current', () => {
  const flows = { isOutputOff: true, testTimeS: 61.5, currentA: 1.5 };
  const { SafetyTripped: trip, ExperimentInterrupted: lost } = examples;

  it('leaves a trip with the output on: the unit is told to switch off', () => {
    const state = given(...running)
      .when(command('NoteTripped', { ...trip.data, ...flows }))
      .then(trip);
    expect(state).toMatchObject({ output: 'on' });
    expect(reactionsTo(state as never, 0)).toContainEqual({ do: 'issue', kind: 'output-off' });
    const off = command('NoteSwitchedOff', { by: 'unit', testTimeS: 61.5, at, currentA: 1.5 });
    given(...running, tripped)
      .when(off)
      .thenNothing();
  });

  it.each([
    ['was interrupted', command('NoteInterrupted', { ...lost.data, ...flows }), lost.type],
    ['has left its program', command('NoteStopped', { testTimeS: 62, at, currentA: 1.5 }), null],
  ] as const)('trips an experiment that %s', (_, note, type) => {
    const events = experimentDecider.decide(note, stateOf(running));
    if (type !== null) expect(events[0]).toMatchObject({ type });
    expect(events.at(-1)).toMatchObject(measured);
    expect(events.map((event) => event.type)).not.toContain('OutputOffConfirmed');
    expect(stateOf([...running, ...events])).toMatchObject({ status: 'tripped', output: 'on' });
  });
});

describe('the word of a person that an output is off', () => {
  const word = {
    type: 'OutputOffConfirmed',
    data: { by: 'operator', testTimeS: null, at },
  } as const;
  const state = stateOf([...running, offAt, examples.ExperimentResumed, tripped, word]);
  const after = (seconds: number): string =>
    new Date(Date.parse(at) + seconds * 1_000).toISOString();

  it('is the end by UTC: records of the time before are of the experiment, later currents trip', () => {
    expect(isBeforeOff({ testTimeS: 90, at: after(-1) }, state)).toBe(true);
    expect(isBeforeOff({ testTimeS: 90, at: after(16) }, state)).toBe(false);
    const seen = (seconds: number) =>
      command('NoteCurrent', { currentA: 1.5, testTimeS: 90, at: after(seconds) });
    expect(experimentDecider.decide(seen(14), state)).toEqual([]);
    expect(experimentDecider.decide(seen(16), state)).toMatchObject([
      found('the unit has recorded 1.5 A'),
    ]);
  });
});

describe('an experiment that has ended, and runs on', () => {
  const over = [...running, examples.ExperimentCompleted];
  const again = command('StopAgain', { instruction: 'stop' });

  it('is stopped again, with an alarm until the unit has left it', () => {
    const told = given(...over)
      .when(again)
      .then(issued('stop'));
    expect(told).toMatchObject({ status: 'completed', output: 'off', open: { kind: 'stop' } });
    const of = { subject: `runs on ${at}`, kind: 'outputOffNotConfirmed' };
    expect(reactionsTo(stateOf([...over, issued('stop')]), 0)).toContainEqual(
      expect.objectContaining({ do: 'raise', ...of }),
    );
    given(...over, issued('stop'))
      .when(again)
      .thenNothing();
    const left = given(...over, issued('stop'))
      .when(answered('stop', 'done', 0))
      .then(acknowledged('stop'), examples.UnitReleased);
    expect(left).toMatchObject({ status: 'completed' });
    const released = stateOf([
      ...over,
      issued('stop'),
      acknowledged('stop'),
      examples.UnitReleased,
    ]);
    expect(reactionsTo(released, 0)).toContainEqual(
      expect.objectContaining({ do: 'clear', ...of }),
    );
  });

  it('stays as it has ended where a current flows on', () => {
    const state = given(...over, issued('stop'))
      .when(answered('stop', 'done', 1.5))
      .then({
        type: 'InstructionRefused',
        data: { instruction: 'stop', reason: 'the unit measures 1.5 A' },
      });
    expect(state).toMatchObject({ status: 'completed', open: { isRefused: true } });
  });

  it('is one that has', () => {
    given(...running)
      .when(again)
      .thenNothing();
  });
});
