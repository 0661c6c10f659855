import { describe, expect, it } from 'vitest';

import { experimentDecider } from './decider.js';
import {
  acknowledged,
  assigned,
  command,
  confirmed,
  done,
  examples,
  given,
  issue,
  issued,
  offAt,
  queued,
  refuse,
  running,
  stateOf,
  stepEnded,
  stepStarted,
  tripped,
} from './experiment.fixture.js';

const starting = [queued, assigned, ...confirmed, issued('start')];
const resuming = [
  ...[...running, examples.ExperimentPaused, examples.ResumeRequested],
  issued('resume'),
];
const lost = {
  ...examples.ExperimentInterrupted,
  data: { ...examples.ExperimentInterrupted.data, cause: 'lost' },
} as const;
const isLost = command('NoteInterrupted', { ...lost.data, isOutputOff: true, testTimeS: 61.5 });

describe('a start or a resume that is not answered yet', () => {
  it('is done where the unit has begun a step: its refusal is not believed any more', () => {
    const begun = [...starting, examples.ExperimentStarted, stepStarted(1)];
    const state = given(...begun)
      .when(refuse('start'))
      .then(
        { type: 'InstructionRefused', data: { instruction: 'start', reason: 'occupied' } },
        {
          type: 'SafetyTripped',
          data: {
            ...{ by: 'server', interlock: 'program', at: examples.ExperimentStarted.data.at },
            message: 'the unit refuses "start" and runs: occupied',
            ...{ elapsedS: 0, chargeAh: 0, dischargeAh: 0 },
          },
        },
      );
    expect(state).toMatchObject({ status: 'tripped', output: 'on', open: null });
  });

  it('is done where the unit has ended the step that it was to go on with', () => {
    const state = given(...resuming)
      .when(command('NoteStepEnded', stepEnded(1, 'voltage').data))
      .then(examples.ExperimentResumed, stepEnded(1, 'voltage'));
    expect(state).toMatchObject({ status: 'running', output: 'on' });
    const resumed = [...resuming, examples.ExperimentResumed, stepEnded(1, 'voltage')];
    given(...resumed)
      .when(done('resume'))
      .then(acknowledged('resume'));
    const refused = experimentDecider.decide(refuse('resume'), stateOf(resumed));
    expect(refused.map(({ type }) => type)).toEqual(['InstructionRefused', 'SafetyTripped']);
  });

  it('is over where the unit has made safe since: an answer that comes late changes nothing', () => {
    given(...resuming)
      .when(isLost)
      .then(lost, offAt);
    given(...resuming, lost, offAt)
      .when(done('resume'))
      .thenNothing();
    given(...starting)
      .when(isLost)
      .then({ type: 'ExperimentStarted', data: { at: lost.data.at } }, lost, offAt);
  });

  it('is no time for a person to say that the output is off', () => {
    given(...resuming)
      .when(command('ConfirmOutputOff', {}))
      .thenRefused('INSTRUCTION_OPEN');
    given(...starting)
      .when(command('ConfirmOutputOff', {}))
      .thenRefused('INSTRUCTION_OPEN');
  });
});

describe('the limits', () => {
  const reset = {
    type: 'ExperimentInterrupted',
    data: { ...lost.data, cause: 'tripReset' },
  } as const;
  const refused = {
    type: 'InstructionRefused',
    data: { instruction: 'resume', reason: 'occupied' },
  } as const;
  const timedOut = { type: 'InstructionTimedOut', data: { instruction: 'resume' } } as const;
  const trip = [tripped, offAt, examples.TripReset, reset];

  // A unit that stands says nothing when it loses its power, and with it the limits.
  it.each([
    ['a pause', [...running, examples.ExperimentPaused]],
    ['a lost lease', [...running, lost, offAt]],
    ['a trip that was reset', [...running, ...trip]],
    ['a refused resume', [...resuming, refused]],
    ['a resume that was not answered', [...resuming, timedOut, ...trip]],
  ] as const)('are confirmed before an experiment goes on after %s', (_, events) => {
    const again = [...events, examples.ResumeRequested];
    expect(stateOf(again)).toMatchObject({ hasLimits: false, isResuming: true, output: 'off' });
    given(...again)
      .when(issue('resume'))
      .thenNothing();
    given(...again)
      .when(issue('confirm-limits'))
      .then(issued('confirm-limits'));
    given(...again, ...confirmed)
      .when(issue('resume'))
      .then(issued('resume'));
  });
});
