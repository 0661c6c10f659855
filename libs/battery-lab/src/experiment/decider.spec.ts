import { describe, expect, it } from 'vitest';

import { batteryUnderTest, stationConfiguration } from '../keys.js';
import { experimentDecider } from './decider.js';
import type { ExperimentEvent } from './events.js';
import {
  acknowledged,
  assigned,
  at,
  command,
  confirmed,
  done,
  examples,
  given,
  issue,
  issued,
  off,
  program,
  queued,
  refuse,
  running,
  stateOf,
  stepEnded,
  stepStarted,
  tripped,
} from './experiment.fixture.js';

describe('the start of an experiment', () => {
  it('rests on limits that the unit has confirmed', () => {
    given(queued, assigned).when(issue('start')).thenNothing();
    given(queued, assigned).when(issue('confirm-limits')).then(issued('confirm-limits'));
    given(queued, assigned, issued('confirm-limits'))
      .when(done('confirm-limits'))
      .then(acknowledged('confirm-limits'), examples.LimitsConfirmed);
    given(queued, assigned, ...confirmed)
      .when(issue('start'))
      .then(issued('start'));
    given(queued, assigned, ...confirmed, issued('start'))
      .when(done('start'))
      .then(acknowledged('start'), examples.ExperimentStarted);
  });

  it('is refused by the unit: the experiment fails', () => {
    given(queued, assigned, issued('confirm-limits'))
      .when(refuse('confirm-limits'))
      .then(
        {
          type: 'InstructionRefused',
          data: { instruction: 'confirm-limits', reason: 'occupied' },
        },
        {
          type: 'ExperimentEnding',
          data: { as: 'failed', message: 'the unit refuses "confirm-limits": occupied' },
        },
      );
  });

  it('is shown by the first step, where the answer was lost', () => {
    given(queued, assigned, ...confirmed, issued('start'))
      .when(command('NoteStepStarted', stepStarted(1).data))
      .then(examples.ExperimentStarted, stepStarted(1));
  });

  it('is not made by a unit on its own', () => {
    given(queued, assigned, ...confirmed)
      .when(command('NoteStepStarted', stepStarted(1).data))
      .thenRefused('EXPERIMENT_NOT_STARTED');
  });

  it('fails where the unit does not answer, once its output is off', () => {
    const failing = [
      { type: 'InstructionTimedOut', data: { instruction: 'start' } },
      {
        type: 'ExperimentEnding',
        data: { as: 'failed', message: 'the unit has not answered to "start"' },
      },
    ] as const;
    const waiting = [queued, assigned, ...confirmed, issued('start')];
    given(...waiting)
      .when(command('TimeOutInstruction', { instruction: 'start', at }))
      .then(...failing);
    given(...waiting, ...failing)
      .when(command('EndExperiment', {}))
      .thenNothing();
    given(...waiting, ...failing)
      .when(issue('stop'))
      .then(issued('stop'));
    given(...waiting, ...failing, issued('stop'))
      .when(done('stop'))
      .then(acknowledged('stop'), off, examples.UnitReleased);
    given(...waiting, ...failing, acknowledged('stop'), off, examples.UnitReleased)
      .when(command('EndExperiment', {}))
      .then({
        type: 'ExperimentFailed',
        data: { message: 'the unit has not answered to "start"' },
      });
  });
});

describe('the steps of an experiment', () => {
  it('follow its program to the end', () => {
    given(...running)
      .when(command('NoteStepEnded', stepEnded(1, 'voltage').data))
      .then(stepEnded(1, 'voltage'));
    const second = [...running, stepEnded(1, 'voltage'), stepStarted(2)];
    given(...second, stepEnded(2, 'time'))
      .when(command('NoteCompleted', examples.ExperimentCompleted.data))
      .then(examples.ExperimentCompleted);
  });

  it('are noted once, however often the unit says so', () => {
    given(...running)
      .when(command('NoteStepStarted', stepStarted(1).data))
      .thenNothing();
    given(...running, stepEnded(1, 'voltage'))
      .when(command('NoteStepEnded', stepEnded(1, 'voltage').data))
      .thenNothing();
    given(...running, stepEnded(1, 'voltage'), stepStarted(2), stepEnded(2, 'time'))
      .when(command('NoteStepEnded', stepEnded(1, 'voltage').data))
      .thenNothing();
  });

  it.each([
    ['a cause that the step has no condition for', stepEnded(1, 'temperature'), running],
    ['a step that was not begun', stepEnded(2, 'time'), running],
    ['another step than the next one', stepStarted(2, 1), [...running, stepEnded(1, 'voltage')]],
    ['a step while another one runs', stepStarted(2), running],
    ['a stop that its program has no condition for', stepEnded(1, 'stop'), running],
    ['a step that it has ended by a trip', stepEnded(1, 'trip'), running],
    ['a step that it has ended because it was lost', stepEnded(1, 'lost'), running],
    ['a step that an operator has ended, whom nobody knows of', stepEnded(1, 'operator'), running],
  ] as const)('trip where the unit reports %s', (_, { type, data }, events) => {
    const state = stateOf(events);
    const note =
      type === 'StepStarted' ? command('NoteStepStarted', data) : command('NoteStepEnded', data);
    const [event, ...others] = experimentDecider.decide(note, state);
    expect(event).toMatchObject({ type: 'SafetyTripped', data: { interlock: 'program' } });
    expect(others).toEqual([]);
  });

  it('trip where the program ends too early', () => {
    const state = stateOf([...running, stepEnded(1, 'voltage')]);
    const note = command('NoteCompleted', examples.ExperimentCompleted.data);
    expect(experimentDecider.decide(note, state)).toMatchObject([{ type: 'SafetyTripped' }]);
  });

  it('end by a stop where their program has one, and by an operator where they are to end', () => {
    const stopping = { ...program, stop: [{ testTimeS: 30 }] };
    const [, ...others] = running;
    given({ ...queued, data: { ...queued.data, program: stopping } }, ...others)
      .when(command('NoteStepEnded', stepEnded(1, 'stop').data))
      .then(stepEnded(1, 'stop'));
    const ending = { type: 'ExperimentEnding', data: { as: 'aborted', message: null } } as const;
    given(...running, ending)
      .when(command('NoteStepEnded', stepEnded(1, 'operator').data))
      .then(stepEnded(1, 'operator'));
  });

  it('trip where the unit leaves its program', () => {
    const left = experimentDecider.decide(
      command('NoteStopped', { testTimeS: 31, at }),
      stateOf(running),
    );
    const off = { type: 'OutputOffConfirmed', data: { by: 'unit', testTimeS: 31, at } };
    expect(left).toMatchObject([{ type: 'SafetyTripped', data: { interlock: 'program' } }, off]);
  });

  it('advance by a cause of their own only', () => {
    const halted = stateOf([...running, stepEnded(1, 'operator')]);
    expect(halted.run).toMatchObject({ status: 'halted', stepId: 1 });
    const advanced = stateOf([...running, stepEnded(1, 'voltage')]);
    expect(advanced.run).toMatchObject({ status: 'running', stepId: 2, stepCount: 2 });
  });

  it('say until when there are records, also where the output was off before', () => {
    const paused = [...running, examples.ExperimentPaused];
    const state = given(...paused)
      .when(command('NoteStopped', { testTimeS: 31, at }))
      .then({ type: 'OutputOffConfirmed', data: { by: 'unit', testTimeS: 31, at } });
    expect(state).toMatchObject({ output: 'off', endedAtS: 31 });
    given(...paused, { type: 'OutputOffConfirmed', data: { by: 'unit', testTimeS: 31, at } })
      .when(command('NoteStopped', { testTimeS: 31, at }))
      .thenNothing();
  });

  it('are refused after the end', () => {
    given(...running, examples.ExperimentCompleted)
      .when(command('NoteStepStarted', stepStarted(2).data))
      .thenRefused('EXPERIMENT_ENDED');
  });
});

it('holds its battery and its station from its turn to its end', () => {
  const { batteryId, stationId } = examples.ExperimentQueued.data;
  const battery = [batteryUnderTest(batteryId), stationConfiguration(stationId, 1)];
  const keys = (...events: readonly ExperimentEvent[]) =>
    experimentDecider.keys?.(stateOf(events), 'one');
  expect(keys(queued)).toEqual([]);
  expect(keys(queued, assigned)).toEqual(battery);
  expect(keys(...running, tripped)).toEqual(battery);
  expect(keys(...running, examples.ExperimentCompleted)).toEqual([]);
});
