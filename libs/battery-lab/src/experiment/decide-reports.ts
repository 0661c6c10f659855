import type { Cause } from '#cycling/program/ends.js';
import type { Plan } from '#cycling/program/plan.js';
import { stepsOf } from '#cycling/program/program.js';
import { mayEnd } from '#cycling/program/run.js';

import type { ReportCommand } from './commands.js';
import type { EventData, ExperimentEvent } from './events.js';
import { ended, notStarted } from './refusals.js';
import { type Experiment, hasEnded, isUnderWay, type Place, type Progress } from './state.js';

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
      return stopped(command.data.testTimeS, state);
  }
};

/** Also of one whose output was off already: so it is known until when there are records. */
const stopped = (
  testTimeS: number,
  { output, endedAtS }: Experiment,
): readonly ExperimentEvent[] =>
  output === 'on' || testTimeS > (endedAtS ?? -1) ? [offByUnit(testTimeS)] : [];

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
  const { step, status } = state;
  if (step && data.stepCount <= step.stepCount) return [];
  const started = status === 'assigned' ? [startedAt(data.at)] : [];
  const event: ExperimentEvent = { type: 'StepStarted', data };
  const expected = expectedStep(state);
  const fits =
    !step?.isRunning &&
    expected?.stepCount === data.stepCount &&
    expected.stepId === data.stepId &&
    expected.cycle === data.cycle;
  return fits
    ? [...started, event]
    : [...started, deviation(`has begun ${nameOf(data)}`, data.at, state)];
};

const stepEnded = (
  data: ReportData<'NoteStepEnded'>,
  state: Experiment,
): readonly ExperimentEvent[] => {
  const { step, plan } = state;
  if (step && (data.stepCount < step.stepCount || !(step.isRunning || isLater(data, step)))) {
    return [];
  }
  const fits =
    step?.stepCount === data.stepCount &&
    step.stepId === data.stepId &&
    endsBy(plan, step.stepId, data.cause);
  if (fits) return [{ type: 'StepEnded', data }];
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
  if (ending) return output === 'on' ? [offByUnit(data.testTimeS)] : [];
  if (step && !step.isRunning && run.status === 'completed') {
    return [{ type: 'ExperimentCompleted', data }];
  }
  return [deviation('says that its program has ended', data.at, state)];
};

const interrupted = (
  { isOutputOff, testTimeS, ...data }: ReportData<'NoteInterrupted'>,
  state: Experiment,
): readonly ExperimentEvent[] => {
  const off = isOutputOff && state.output === 'on' ? [offByUnit(testTimeS)] : [];
  if (!isUnderWay(state) || state.status === 'tripped' || state.ending) return off;
  const isKnownAlready =
    state.status === 'interrupted' && (data.cause !== 'powerLoss' || !state.hasLimits);
  return isKnownAlready ? off : [{ type: 'ExperimentInterrupted', data }, ...off];
};

const tripped = (
  { isOutputOff, testTimeS, ...data }: ReportData<'NoteTripped'>,
  state: Experiment,
): readonly ExperimentEvent[] => {
  const off = isOutputOff && state.output === 'on' ? [offByUnit(testTimeS)] : [];
  const isOver = data.by === 'server' && (state.status !== 'running' || state.ending !== null);
  if (state.trip || isOver) return off;
  const started = state.status === 'assigned' ? [startedAt(data.at)] : [];
  return [...started, { type: 'SafetyTripped', data }, ...off];
};

/** The step that the program goes on with; undefined where it is complete. */
const expectedStep = ({ run }: Experiment): Place | undefined => {
  if (run.status === 'completed') return undefined;
  const { stepCount, stepId, cycle } = run;
  return { stepCount, stepId, cycle };
};

const endsBy = ({ program }: Plan, stepId: number, cause: Cause): boolean => {
  const step = stepsOf(program.steps)[stepId - 1];
  return step !== undefined && (cause === 'stop' || halting.includes(cause) || mayEnd(step, cause));
};

/** They end a step that its program goes on with later. */
const halting: readonly Cause[] = ['operator', 'trip', 'refused', 'lost'];

const startedAt = (at: string): ExperimentEvent => ({ type: 'ExperimentStarted', data: { at } });

const offByUnit = (testTimeS: number | null): ExperimentEvent => ({
  ...{ type: 'OutputOffConfirmed', data: { by: 'unit', testTimeS } },
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
