import type { Cause } from '#cycling/program/ends.js';
import { stepsOf } from '#cycling/program/program.js';
import { mayEnd } from '#cycling/program/run.js';

import type { ReportCommand } from './commands.js';
import type { EventData, ExperimentEvent } from './events.js';
import { foundOn, isAfterOff, isCurrent, msAfterOff } from './found-on.js';
import { ended, notStarted } from './refusals.js';
import {
  type Experiment,
  hasEnded,
  isUnderWay,
  type Place,
  type Progress,
  turnsOn,
} from './state.js';

type ReportData<T extends ReportCommand['type']> = Extract<ReportCommand, { type: T }>['data'];

/**
 * What the unit says becomes a fact where it fits the program, nothing where it was said before, and else a trip: a unit
 * that does something else than its program must be stopped.
 */
export const report = (command: ReportCommand, state: Experiment): readonly ExperimentEvent[] => {
  if (hasEnded(state)) {
    if (isKnown(command, state)) return [];
    throw ended();
  }
  if (!mayHaveStarted(state)) throw notStarted();
  switch (command.type) {
    case 'NoteStepStarted':
      return stepStarted(command.data, state);
    case 'NoteStepEnded':
      return stepEnded(command.data, state);
    case 'NoteCompleted':
      return completed(command.data, state);
    case 'NoteInterrupted':
      return interrupted(command.data, state);
    case 'NoteTripped':
      return tripped(command.data, state);
    case 'NoteStopped':
      return stopped(command.data, state);
    case 'NoteSwitchedOff': {
      const { currentA, ...data } = command.data;
      const found = flowing({ currentA, at: data.at ?? '' }, state);
      if (found) return found;
      const isNews = state.output === 'on' && state.trip !== null;
      return isNews ? [{ type: 'OutputOffConfirmed', data }] : [];
    }
    case 'NoteCurrent': {
      const { currentA, at } = command.data;
      if (!isAfterOff(command.data, state)) return [];
      return [foundOn(`the unit has recorded ${String(currentA)} A`, at, state)];
    }
  }
};

/** Also of one whose output was off already: so it is known until when there are records. */
const stopped = (
  { testTimeS, at, currentA }: ReportData<'NoteStopped'>,
  state: Experiment,
): readonly ExperimentEvent[] => {
  const { output, endedAtS, ending, status, open } = state;
  const isNews = output === 'on' || testTimeS > (endedAtS ?? -1);
  const off = flowing({ currentA, at }, state) ?? (isNews ? [offByUnit(testTimeS, at)] : []);
  const wasToRun = status === 'running' || (open !== null && turnsOn(open.kind));
  if (ending || !wasToRun) return off;
  return [...startedBy(state, at), deviation('has left its program', at, state), ...off];
};

/**
 * What a current means that flows though the unit says that its output is off: it is not. Where it was taken to be off
 * already it is found on. Undefined where none flows.
 */
const flowing = (
  { currentA, at }: { readonly currentA?: number | undefined; readonly at: string },
  state: Experiment,
): readonly ExperimentEvent[] | undefined => {
  if (currentA === undefined || !isCurrent(currentA, state)) return undefined;
  // One that is told to go off is told so on.
  if (state.output === 'on' && (state.trip !== null || state.ending !== null)) return [];
  return [foundOn(`the unit measures ${String(currentA)} A`, at, state)];
};

/** Also where its answer to the start is lost, or comes when something else was decided. */
export const mayHaveStarted = ({ status, open, ending, output }: Experiment): boolean =>
  status !== 'queued' &&
  (status !== 'assigned' || open?.kind === 'start' || (ending !== null && output === 'on'));

const isKnown = (command: ReportCommand, { step, status }: Experiment): boolean => {
  switch (command.type) {
    case 'NoteStepStarted':
    case 'NoteStepEnded':
      return step !== null && command.data.stepCount <= step.stepCount;
    case 'NoteCompleted':
      return status === 'completed';
    case 'NoteStopped':
    case 'NoteSwitchedOff':
    case 'NoteCurrent':
      return true;
    case 'NoteInterrupted':
    case 'NoteTripped':
      return false;
  }
};

const stepStarted = (
  data: ReportData<'NoteStepStarted'>,
  state: Experiment,
): readonly ExperimentEvent[] => {
  const { step } = state;
  if (step && data.stepCount <= step.stepCount) return [];
  const begun = begunBy(state, data.at);
  const event: ExperimentEvent = { type: 'StepStarted', data };
  const expected = expectedStep(state);
  const fits =
    !step?.isRunning &&
    expected?.stepCount === data.stepCount &&
    expected.stepId === data.stepId &&
    expected.cycle === data.cycle;
  // A step that has begun is a fact, also where its output was taken to be off.
  const found =
    state.output === 'off' ? [foundOn(`the unit has begun ${nameOf(data)}`, data.at, state)] : [];
  return fits
    ? [...begun, event, ...found]
    : [...begun, deviation(`has begun ${nameOf(data)}`, data.at, state)];
};

const stepEnded = (
  data: ReportData<'NoteStepEnded'>,
  state: Experiment,
): readonly ExperimentEvent[] => {
  const { step } = state;
  if (step && (data.stepCount < step.stepCount || !(step.isRunning || isLater(data, step)))) {
    return [];
  }
  // What is broken off has not gone on to its end: nothing advances by it.
  if (!state.ending && msAfterOff(data, state) > 0) {
    return [foundOn(`the unit has ended ${nameOf(data)}`, data.at, state)];
  }
  const fits =
    step?.stepCount === data.stepCount &&
    step.stepId === data.stepId &&
    step.cycle === data.cycle &&
    endsBy(state, step.stepId, data.cause);
  if (fits) return [...begunBy(state, data.at), { type: 'StepEnded', data }];
  return [deviation(`has ended ${nameOf(data)} by ${data.cause}`, data.at, state)];
};

const isLater = (one: { readonly stepCount: number }, other: { readonly stepCount: number }) =>
  one.stepCount > other.stepCount;

const completed = (
  data: ReportData<'NoteCompleted'>,
  state: Experiment,
): readonly ExperimentEvent[] => {
  const { step, run, ending, output } = state;
  // The last step was ended before somebody wanted it to be.
  if (ending) return output === 'on' ? [offByUnit(data.testTimeS, data.at)] : [];
  if (step && !step.isRunning && run.status === 'completed') {
    return [{ type: 'ExperimentCompleted', data }];
  }
  return [deviation('says that its program has ended', data.at, state)];
};

const interrupted = (
  { isOutputOff, testTimeS, currentA, ...data }: ReportData<'NoteInterrupted'>,
  state: Experiment,
): readonly ExperimentEvent[] => {
  const isNews = isOutputOff && state.output === 'on';
  const found = flowing({ currentA, at: data.at }, state);
  const off = found ?? (isNews ? [offByUnit(testTimeS, data.at)] : []);
  const { status, open, ending, hasLimits } = state;
  // It had begun, or gone on, and has stopped again: its answer to that may come yet.
  const wasTurnedOn = open !== null && turnsOn(open.kind);
  if (ending || status === 'tripped' || !(isUnderWay(state) || wasTurnedOn)) return off;
  const isKnownAlready =
    status === 'interrupted' && !wasTurnedOn && (data.cause !== 'powerLoss' || !hasLimits);
  if (isKnownAlready) return off;
  return [...startedBy(state, data.at), { type: 'ExperimentInterrupted', data }, ...off];
};

const tripped = (
  { isOutputOff, testTimeS, currentA, ...data }: ReportData<'NoteTripped'>,
  state: Experiment,
): readonly ExperimentEvent[] => {
  const isNews = isOutputOff && state.output === 'on';
  const tripping = { ...state, trip: state.trip ?? { number: state.trips + 1, ...data } };
  const found = flowing({ currentA, at: data.at }, tripping);
  const off = found ?? (isNews ? [offByUnit(testTimeS, data.at)] : []);
  const isOver = data.by === 'server' && (state.status !== 'running' || state.ending !== null);
  if (state.trip || isOver) return off;
  return [...startedBy(state, data.at), { type: 'SafetyTripped', data }, ...off];
};

/** The step that the program goes on with; undefined where it is complete. */
const expectedStep = ({ run }: Experiment): Place | undefined => {
  if (run.status === 'completed') return undefined;
  const { stepCount, stepId, cycle } = run;
  return { stepCount, stepId, cycle };
};

/** A step that is broken off is not ended, unless it is the last of an experiment that is ending. */
const endsBy = ({ plan, ending }: Experiment, stepId: number, cause: Cause): boolean => {
  const { steps, stop = [] } = plan.program;
  const step = stepsOf(steps)[stepId - 1];
  if (step === undefined) return false;
  if (cause === 'stop') return stop.length > 0;
  return (ending !== null && halting.includes(cause)) || mayEnd(step, cause);
};

const halting: readonly Cause[] = ['operator', 'trip', 'refused', 'lost'];

/** It has begun, though its answer to the start is not there. */
const startedBy = ({ status }: Experiment, at: string): readonly ExperimentEvent[] =>
  status === 'assigned' ? [{ type: 'ExperimentStarted', data: { at } }] : [];

/** It runs, though its answer to the start or to the resume is not there. */
const begunBy = (state: Experiment, at: string): readonly ExperimentEvent[] =>
  state.open?.kind === 'resume' && state.isResuming
    ? [{ type: 'ExperimentResumed', data: { at } }]
    : startedBy(state, at);

const offByUnit = (testTimeS: number | null, at: string): ExperimentEvent => ({
  ...{ type: 'OutputOffConfirmed', data: { by: 'unit', testTimeS, at } },
});

const nameOf = ({ stepCount, stepId, cycle }: EventData<'StepStarted'>): string =>
  `step ${String(stepId)} of cycle ${String(cycle)} as number ${String(stepCount)}`;

const deviation = (what: string, at: string, state: Experiment): ExperimentEvent => {
  const { step, progress } = state;
  const next = expectedStep(state);
  const expected = next ? nameOf({ ...next, at, testTimeS: 0 }) : 'the end of the program';
  const now = step?.isRunning ? `the end of ${nameOf({ ...step, at, testTimeS: 0 })}` : expected;
  const { elapsedS, chargeAh, dischargeAh }: Progress = progress;
  return {
    type: 'SafetyTripped',
    data: {
      ...{ by: 'server', interlock: 'program', at, elapsedS, chargeAh, dischargeAh },
      message: `the unit ${what}; expected ${now}`,
    },
  };
};
