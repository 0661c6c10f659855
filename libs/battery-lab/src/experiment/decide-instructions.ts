import type { SupervisionCommand, SupervisionData } from './commands.js';
import type { ExperimentEvent, InstructionKind } from './events.js';
import { foundOn, isCurrent } from './found-on.js';
import {
  type Experiment,
  hasEnded,
  isNotOnYet,
  mustBeHeard,
  type OpenInstruction,
  turnsOn,
} from './state.js';

/** Whether the unit is to be told this now. Switching off is told whatever else is open. */
export const mayIssue = (kind: InstructionKind, state: Experiment): boolean => {
  const { status, hasLimits, open, output, ending, isResuming, trip, isAtUnit } = state;
  if (hasEnded(state)) return false;
  const goesOn = isResuming && (status === 'paused' || status === 'interrupted');
  switch (kind) {
    case 'stop':
      return ending !== null && (isAtUnit || output === 'on') && !isAsked(kind, open);
    case 'output-off':
      return !ending && trip !== null && output === 'on' && !isAsked(kind, open);
    // What has ended leaves no latch for the next one; else an operator resets it.
    case 'reset-trip':
      return ending !== null && trip !== null && output === 'off' && !isAtUnit && !open;
    case 'confirm-limits':
      return !open && !ending && !trip && !hasLimits && (status === 'assigned' || goesOn);
    case 'start':
      return !open && !ending && !trip && hasLimits && status === 'assigned';
    case 'resume':
      return !open && !ending && !trip && hasLimits && goesOn && output === 'off';
    case 'pause':
      return false;
  }
};

/** One that was refused is asked anew, since a unit answers what it has answered as before. */
const isAsked = (kind: InstructionKind, open: OpenInstruction | null): boolean =>
  open?.kind === kind && !open.isRefused;

/** Nothing where the state has no need of it any more: who issues it decided on an older one. */
export const issue = (
  { instruction, kind, at }: SupervisionData<'IssueInstruction'>,
  state: Experiment,
): readonly ExperimentEvent[] => {
  if (!mayIssue(kind, state)) return [];
  const { unitId } = state.request;
  return [{ type: 'InstructionIssued', data: { instruction, kind, unitId, issuedAt: at } }];
};

const stopAgainMs = 10_000;

/** A unit that runs what has ended is told to stop, and again while it goes on: whatever else is decided about it is over. */
export const stopAgain = (
  {
    data: { instruction },
    meta: { occurredAt: issuedAt },
  }: Extract<SupervisionCommand, { type: 'StopAgain' }>,
  state: Experiment,
): readonly ExperimentEvent[] => {
  const { open, request, assigned } = state;
  const waitsUntil = open ? Date.parse(open.issuedAt) + stopAgainMs : 0;
  if (!hasEnded(state) || !assigned || Date.parse(issuedAt) < waitsUntil) return [];
  const { unitId } = request;
  return [{ type: 'InstructionIssued', data: { instruction, kind: 'stop', unitId, issuedAt } }];
};

export const repeat = (
  { instruction, attempt, at }: SupervisionData<'RepeatInstruction'>,
  { open }: Experiment,
): readonly ExperimentEvent[] => {
  if (open?.instruction !== instruction || open.attempt >= attempt) return [];
  return [{ type: 'InstructionRepeated', data: { instruction, attempt, issuedAt: at } }];
};

/** An output that must go off is told so without end. A unit that may have gone on or not is to be stopped. */
export const timeOut = (
  { instruction, at }: SupervisionData<'TimeOutInstruction'>,
  { open, status, ending, progress }: Experiment,
): readonly ExperimentEvent[] => {
  if (open?.instruction !== instruction || mustBeHeard(open.kind)) return [];
  const timedOut: ExperimentEvent = { type: 'InstructionTimedOut', data: { instruction } };
  const message = `the unit has not answered to "${open.kind}"`;
  if (ending) return [timedOut];
  // No other experiment would be answered either; one that may have been started is to be stopped.
  if (status === 'assigned' && open.kind === 'confirm-limits') return [timedOut, held(message, at)];
  if (status === 'assigned') {
    return [timedOut, { type: 'ExperimentEnding', data: { as: 'failed', message } }];
  }
  if (open.kind !== 'resume') return [timedOut];
  const by = { by: 'server', interlock: 'communication' } as const;
  return [timedOut, { type: 'SafetyTripped', data: { ...by, message, at, ...progress } }];
};

const held = (reason: string, at: string): ExperimentEvent => ({
  ...{ type: 'ExperimentHeld', data: { reason, at } },
});

/** An answer to what is not open any more changes nothing: something else was decided since. */
export const answer = (
  {
    data: said,
    meta: { occurredAt: heardAt },
  }: Extract<SupervisionCommand, { type: 'AnswerInstruction' }>,
  state: Experiment,
): readonly ExperimentEvent[] => {
  const { open } = state;
  const data: Answer = { ...said, heardAt };
  if (open?.instruction !== data.instruction || open.isRefused) return [];
  const witness = witnessOf(data, state);
  if (witness !== undefined) return answeredOn(open, { ...data, witness }, state);
  return data.status === 'done' ? done(open, data, state) : refused(open, data, state);
};

type Answer = SupervisionData<'AnswerInstruction'> & {
  /** Time of the server. */
  readonly heardAt: string;
};

/** Whether every other experiment would be refused too. A unit that does not say so says what its station does. */
const isAboutStation = ({ about, state }: Pick<Answer, 'about' | 'state'>): boolean =>
  about === undefined
    ? state !== undefined && state !== 'idle' && state !== 'ready'
    : about === 'station';

/** What shows that an output is on, beside what the unit answers; undefined where nothing does. */
const witnessOf = (
  { currentA, state }: SupervisionData<'AnswerInstruction'>,
  experiment: Experiment,
): string | undefined => {
  if (currentA !== undefined && isCurrent(currentA, experiment)) {
    return `the unit measures ${String(currentA)} A`;
  }
  return state === 'running' ? 'the unit says that it runs' : undefined;
};

/** An answer of a unit whose output is on: it counts as one where the output is to be on. */
const answeredOn = (
  open: OpenInstruction,
  { witness, ...data }: Answer & { readonly witness: string },
  state: Experiment,
): readonly ExperimentEvent[] => {
  const { instruction, kind } = open;
  const isDone = data.status === 'done';
  const isOff = state.output === 'off' || (turnsOn(kind) && !isDone && isNotOnYet(state));
  // It is told again: it says that it is off, and is not.
  if (isDone && mustBeHeard(kind) && (!isOff || hasEnded(state))) {
    return [{ type: 'InstructionRefused', data: { instruction, reason: witness } }];
  }
  const answered: ExperimentEvent = isDone
    ? { type: 'InstructionAcknowledged', data: { instruction } }
    : { type: 'InstructionRefused', data: { instruction, reason: data.reason } };
  if (isOff || (isDone && kind === 'pause')) return [answered, foundOn(witness, data.at, state)];
  return isDone ? done(open, data, state) : refused(open, data, state);
};

const done = (
  { instruction, kind }: OpenInstruction,
  { at }: SupervisionData<'AnswerInstruction'>,
  { request: { limits }, status, output, ending, isResuming }: Experiment,
): readonly ExperimentEvent[] => {
  const acknowledged: ExperimentEvent = { type: 'InstructionAcknowledged', data: { instruction } };
  const off: ExperimentEvent[] =
    output === 'on'
      ? [{ type: 'OutputOffConfirmed', data: { by: 'unit', testTimeS: null, at } }]
      : [];
  switch (kind) {
    case 'confirm-limits':
      return [acknowledged, { type: 'LimitsConfirmed', data: { limits } }];
    case 'start':
      if (status !== 'assigned') return [acknowledged];
      return [acknowledged, { type: 'ExperimentStarted', data: { at } }];
    case 'pause':
      return [acknowledged, { type: 'ExperimentPaused', data: { at } }];
    case 'resume':
      if (!isResuming) return [acknowledged];
      return [acknowledged, { type: 'ExperimentResumed', data: { at } }];
    case 'output-off':
      return [acknowledged, ...off];
    case 'stop':
      return [acknowledged, ...off, { type: 'UnitReleased', data: { by: 'unit' } }];
    case 'reset-trip': {
      const reset: ExperimentEvent[] = [acknowledged, { type: 'TripReset', data: {} }];
      if (ending) return reset;
      const nothing = { elapsedS: 0, chargeAh: 0, dischargeAh: 0 };
      const data = { cause: 'tripReset', at, ...nothing } as const;
      return [...reset, { type: 'ExperimentInterrupted', data }];
    }
  }
};

/** Who refuses what it has shown to have done is to be stopped. */
const refused = (
  { instruction, kind }: OpenInstruction,
  { reason, at, heardAt, ...said }: Answer,
  state: Experiment,
): readonly ExperimentEvent[] => {
  const { status, ending, progress } = state;
  const events: ExperimentEvent[] = [{ type: 'InstructionRefused', data: { instruction, reason } }];
  if (turnsOn(kind) && !isNotOnYet(state)) {
    const message = `the unit refuses "${kind}" and runs: ${reason}`;
    const by = { by: 'server', interlock: 'program' } as const;
    return [...events, { type: 'SafetyTripped', data: { ...by, message, at, ...progress } }];
  }
  if (status !== 'assigned' || ending) return events;
  const message = `the unit refuses "${kind}": ${reason}`;
  if (isAboutStation(said)) return [...events, held(message, heardAt)];
  return [...events, { type: 'ExperimentEnding', data: { as: 'failed', message } }];
};
