import { describe, expect, it } from 'vitest';

import type { ExperimentEvent } from './events.js';
import {
  acknowledged,
  at,
  command,
  confirmed,
  done,
  examples,
  given,
  issue,
  issued,
  nothing,
  off,
  offAt,
  queued,
  refuse,
  running,
  started,
  stateOf,
  stepEnded,
  tripped,
} from './experiment.fixture.js';

describe('a trip', () => {
  it('latches: the output goes off, an operator resets it, and only then it goes on', () => {
    given(...running, tripped)
      .when(issue('output-off'))
      .then(issued('output-off'));
    const reset = { instruction: 'reset' };
    given(...running, tripped)
      .when(command('ResetTrip', reset))
      .thenRefused('OUTPUT_NOT_OFF');
    given(...running, tripped, off)
      .when(command('ResumeExperiment', {}))
      .thenRefused('EXPERIMENT_STATE_CONFLICT');
    given(...running, tripped, off)
      .when(command('ResetTrip', reset))
      .then(issued('reset-trip', 'reset' as never));
    given(...running, tripped, off, issued('reset-trip'))
      .when(done('reset-trip'))
      .then(acknowledged('reset-trip'), examples.TripReset, {
        type: 'ExperimentInterrupted',
        data: { cause: 'tripReset', at, ...nothing },
      });
  });

  it('of the unit itself says that the output is off', () => {
    const { data } = examples.SafetyTripped;
    given(...running)
      .when(command('NoteTripped', { ...data, isOutputOff: true, testTimeS: 61.5 }))
      .then({ type: 'SafetyTripped', data }, offAt);
    given(...running, tripped)
      .when(command('NoteTripped', { ...data, isOutputOff: true, testTimeS: 61.5 }))
      .then(offAt);
  });

  it('tells the unit to switch off whatever else it was told', () => {
    given(...running, issued('pause'), tripped)
      .when(issue('output-off'))
      .then(issued('output-off'));
    given(...running, tripped, issued('output-off'))
      .when(done('pause'))
      .thenNothing();
  });

  it('keeps what the step had done, for when it goes on', () => {
    const { elapsedS, chargeAh, dischargeAh } = tripped.data;
    const state = stateOf([...running, tripped, off, examples.TripReset]);
    expect(state.progress).toEqual({ elapsedS, chargeAh, dischargeAh });
  });

  it('keeps the step that it has broken off from ending, also where the unit says so', () => {
    for (const isOff of [offAt, off, examples.ExperimentPaused]) {
      const before =
        isOff.type === 'ExperimentPaused' ? [...running, isOff] : [...running, tripped, isOff];
      const data = {
        ...stepEnded(1, 'voltage').data,
        testTimeS: 90,
        at: '2026-05-04T11:00:30.000Z',
      };
      const state = given(...before)
        .when(command('NoteStepEnded', data))
        .then({
          type: 'SafetyTripped',
          data: expect.objectContaining({ interlock: 'output', isOutputOn: true }) as never,
        });
      expect(state).toMatchObject({
        output: 'on',
        run: { stepCount: 1 },
        step: { isRunning: true },
      });
    }
    const { data } = stepEnded(1, 'voltage');
    given(...running, tripped, offAt)
      .when(command('NoteStepEnded', data))
      .then({ type: 'StepEnded', data });
  });

  it('is not repeated by who sees it later', () => {
    given(...running, tripped)
      .when(command('NoteTripped', { ...tripped.data, isOutputOff: false, testTimeS: null }))
      .thenNothing();
    given(...started, examples.ExperimentPaused)
      .when(command('NoteTripped', { ...tripped.data, isOutputOff: false, testTimeS: null }))
      .thenNothing();
  });
});

describe('an experiment that was interrupted', () => {
  const interrupted = examples.ExperimentInterrupted;

  it('has no limits any more after a loss of power, and is told them before it goes on', () => {
    given(...running, interrupted)
      .when(command('ResumeExperiment', {}))
      .then(examples.ResumeRequested);
    const resuming = [...running, interrupted, examples.ResumeRequested];
    given(...resuming)
      .when(issue('resume'))
      .thenNothing();
    given(...resuming)
      .when(issue('confirm-limits'))
      .then(issued('confirm-limits'));
    given(...resuming, ...confirmed)
      .when(issue('resume'))
      .then(issued('resume'));
    given(...resuming, ...confirmed, issued('resume'))
      .when(done('resume'))
      .then(acknowledged('resume'), examples.ExperimentResumed);
  });

  it('stays so where the unit does not go on', () => {
    const asked = [...running, interrupted, examples.ResumeRequested, ...confirmed];
    given(...asked, issued('resume'))
      .when(refuse('resume'))
      .then({ type: 'InstructionRefused', data: { instruction: 'resume', reason: 'occupied' } });
    const timedOut = { type: 'InstructionTimedOut', data: { instruction: 'resume' } } as const;
    const trip: ExperimentEvent = {
      type: 'SafetyTripped',
      data: {
        ...{ by: 'server', interlock: 'communication', at, elapsedS: 30 },
        ...{ message: 'the unit has not answered to "resume"', chargeAh: 0.01, dischargeAh: 0 },
      },
    };
    given(...asked, issued('resume'))
      .when(command('TimeOutInstruction', { instruction: 'resume', at }))
      .then(timedOut, trip);
    given(...asked, issued('resume'), timedOut, trip)
      .when(issue('output-off'))
      .then(issued('output-off'));
    given(...asked, issued('resume'))
      .when(issue('output-off'))
      .thenNothing();
  });

  it('can be aborted', () => {
    const ending = { type: 'ExperimentEnding', data: { as: 'aborted', message: null } } as const;
    given(...running, interrupted)
      .when(command('AbortExperiment', { message: null }))
      .then(ending);
    given(...running, interrupted, ending)
      .when(command('EndExperiment', {}))
      .thenNothing();
    given(...running, interrupted, ending)
      .when(issue('stop'))
      .then(issued('stop'));
    given(...running, interrupted, ending, issued('stop'))
      .when(done('stop'))
      .then(acknowledged('stop'), examples.UnitReleased);
    given(...running, interrupted, ending, examples.UnitReleased)
      .when(command('EndExperiment', {}))
      .then(examples.ExperimentAborted);
  });

  it('is noted once, and again when the unit turns out to have lost its power', () => {
    const { data } = interrupted;
    given(...running, interrupted)
      .when(command('NoteInterrupted', { ...data, isOutputOff: true, testTimeS: 61.5 }))
      .thenNothing();
    given(...running, { ...interrupted, data: { ...data, cause: 'lost' } })
      .when(command('NoteInterrupted', { ...data, isOutputOff: true, testTimeS: 61.5 }))
      .then(interrupted, offAt);
  });
});

describe('what an operator wants', () => {
  const byOperator: ExperimentEvent = {
    ...{ type: 'OutputOffConfirmed', data: { by: 'operator', testTimeS: null, at } },
  };

  it('is a pause only while it runs', () => {
    const pause = command('PauseExperiment', { instruction: 'pause' });
    given(...running)
      .when(pause)
      .then(issued('pause'));
    given(...running, issued('pause'))
      .when(pause)
      .thenNothing();
    given(...running, issued('pause'))
      .when(done('pause'))
      .then(acknowledged('pause'), examples.ExperimentPaused);
    given(queued).when(pause).thenRefused('EXPERIMENT_STATE_CONFLICT');
  });

  it('is refused while the unit is told the opposite, which is on its way', () => {
    const resuming = [...started, examples.ExperimentPaused, examples.ResumeRequested];
    for (const events of [resuming, [...resuming, issued('resume')]]) {
      given(...events)
        .when(command('PauseExperiment', { instruction: 'pause' }))
        .thenRefused('INSTRUCTION_OPEN');
    }
    given(...running, issued('pause'))
      .when(command('ResumeExperiment', {}))
      .thenRefused('INSTRUCTION_OPEN');
  });

  it('cancels what has not begun, and aborts what has', () => {
    given(queued).when(command('CancelExperiment', {})).then(examples.ExperimentCancelled);
    given(queued)
      .when(command('AbortExperiment', { message: null }))
      .then(examples.ExperimentCancelled);
    given(...running)
      .when(command('CancelExperiment', {}))
      .thenRefused('EXPERIMENT_STATE_CONFLICT');
    const ending = { type: 'ExperimentEnding', data: { as: 'aborted', message: 'odd' } } as const;
    given(...running)
      .when(command('AbortExperiment', { message: 'odd' }))
      .then(ending);
    given(...running, ending)
      .when(command('AbortExperiment', { message: 'odd' }))
      .thenNothing();
  });

  it('can be the word of a person that the output is off, where the unit says nothing', () => {
    given(...running, tripped)
      .when(command('ConfirmOutputOff', {}))
      .then(byOperator);
    given(...running)
      .when(command('ConfirmOutputOff', {}))
      .thenRefused('EXPERIMENT_STATE_CONFLICT');
    const ending = { type: 'ExperimentEnding', data: { as: 'aborted', message: null } } as const;
    given(...running, ending)
      .when(command('ConfirmOutputOff', {}))
      .then(byOperator, { type: 'UnitReleased', data: { by: 'operator' } });
  });
});
