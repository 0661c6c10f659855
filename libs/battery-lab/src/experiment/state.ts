import { type Plan, planOf } from '#cycling/program/plan.js';
import type { Program } from '#cycling/program/program.js';
import { advance, begin, type RunState, type StepEnd } from '#cycling/program/run.js';

import { evolveImport, type ImportedExperiment } from '../import/decider.js';
import { type ImportEvent, importEvents } from '../import/events.js';
import type { EventData, ExperimentEvent, InstructionKind } from './events.js';

export interface Progress {
  readonly elapsedS: number;
  readonly chargeAh: number;
  readonly dischargeAh: number;
}

/** What the unit was told and has not answered. */
export interface OpenInstruction {
  readonly instruction: string;
  readonly kind: InstructionKind;
  readonly attempt: number;
  /** Time of the server of the first and of the newest attempt. */
  readonly firstAt: string;
  readonly issuedAt: string;
  readonly isSent: boolean;
  /** The unit does not do it. It answers the same whenever it is asked the same: it needs another one. */
  readonly isRefused: boolean;
}

/** A step in its program and in the test. */
export interface Place {
  readonly stepCount: number;
  readonly stepId: number;
  readonly cycle: number;
}

export interface Trip {
  /** Counts the trips of the experiment. */
  readonly number: number;
  readonly message: string;
}

/** queued → assigned → running ⇄ paused, interrupted, tripped → completed, aborted, failed; cancelled before its turn. */
export type Status =
  | 'queued'
  | 'cancelled'
  | 'assigned'
  | 'running'
  | 'paused'
  | 'interrupted'
  | 'tripped'
  | 'completed'
  | 'aborted'
  | 'failed';

export interface Experiment {
  readonly status: Status;
  readonly request: EventData<'ExperimentQueued'>;
  readonly assigned: EventData<'ExperimentAssigned'> | null;
  /** The unit knows of the experiment: it takes another one when it has left this one. */
  readonly isAtUnit: boolean;
  /** The unit holds the limits: not any more after it has lost its power. */
  readonly hasLimits: boolean;
  /** On also where nobody knows. */
  readonly output: 'on' | 'off';
  readonly open: OpenInstruction | null;
  /** The instruction to switch off that was the first since the output was on. */
  readonly lastOutputOff: string | null;
  /** The output has not been off since then. */
  readonly awaitsOff: boolean;
  readonly plan: Plan;
  /** Where the program is, by the steps that have ended. */
  readonly run: RunState;
  /** The newest step that the unit has begun. */
  readonly step: (Place & { readonly isRunning: boolean }) | null;
  /** Of the step, when the program stopped. */
  readonly progress: Progress;
  readonly trip: Trip | null;
  readonly trips: number;
  /** How often it was interrupted by something else than a trip. */
  readonly interruptions: number;
  /** An operator wants it to go on. */
  readonly isResuming: boolean;
  readonly ending: EventData<'ExperimentEnding'> | null;
  /** Seconds since the start, by the unit, when its output was off last; null where it never said so. */
  readonly endedAtS: number | null;
  /** When the output went off by what the unit said; null where only a person did, or nobody. */
  readonly offSince: { readonly testTimeS: number | null; readonly at: string } | null;
  /** The newest trip because the output was found on, by its number. */
  readonly foundOn: number | null;
  /** When the unit was told to stop though it had ended. */
  readonly runsOn: string | null;
}

export type ExperimentState = { readonly status: 'absent' } | Experiment | ImportedExperiment;

/** Whether it is one that a unit executes: it is there, and was not recorded elsewhere. */
export const isExecuted = (state: ExperimentState): state is Experiment =>
  state.status !== 'absent' && state.status !== 'imported';

/** The program was started and has not come to an end. */
export const isUnderWay = ({ status }: Pick<Experiment, 'status'>): boolean =>
  ['running', 'paused', 'interrupted', 'tripped'].includes(status);

export const hasEnded = ({ status }: Pick<Experiment, 'status'>): boolean =>
  ['cancelled', 'completed', 'aborted', 'failed'].includes(status);

/** Nothing is left to do for an experiment that is ending. */
export const mayEndNow = (state: Experiment): boolean => {
  const { ending, output, isAtUnit, trip } = state;
  return ending !== null && output === 'off' && !isAtUnit && trip === null && !hasEnded(state);
};

const nothingDone: Progress = { elapsedS: 0, chargeAh: 0, dischargeAh: 0 };

const queued = (request: EventData<'ExperimentQueued'>): Experiment => {
  // Checked before it was queued.
  const plan = planOf(request.program as Program);
  const run = begin(plan, { nominalCapacityAh: request.nominalCapacityAh });
  return {
    ...{
      status: 'queued',
      request,
      assigned: null,
      isAtUnit: false,
      hasLimits: false,
      output: 'off',
    },
    ...{
      open: null,
      lastOutputOff: null,
      awaitsOff: false,
      plan,
      run,
      step: null,
      progress: nothingDone,
      trip: null,
      trips: 0,
    },
    ...{ interruptions: 0, isResuming: false, ending: null },
    ...{ endedAtS: null, offSince: null, foundOn: null, runsOn: null },
  };
};

/** How a step ended, as the run of its program takes it. */
export const endOf = ({ cause, elapsedS, last }: EventData<'StepEnded'>): StepEnd => {
  const { temperatureC, ...values } = last;
  const temperature = temperatureC === null ? {} : { temperatureC };
  return { cause, measurement: { ...values, ...temperature, stepTimeS: elapsedS } };
};

const progressOf = ({ elapsedS, chargeAh, dischargeAh }: Progress): Progress => ({
  ...{ elapsedS, chargeAh, dischargeAh },
});

/** What is told again until it is done. */
export const mustBeHeard = (kind: InstructionKind): boolean =>
  kind === 'output-off' || kind === 'stop';

/** Whether the unit's output may be on as soon as it has the instruction. */
export const turnsOn = (kind: InstructionKind): boolean => kind === 'start' || kind === 'resume';

/** Nothing that the unit has said shows that the start or the resume that is open is done. */
export const isNotOnYet = ({ status, isResuming }: Experiment): boolean =>
  status === 'assigned' || isResuming;

const closed = (state: Experiment): Experiment => ({ ...state, open: null });

/** A unit that does not switch off is told again and again. */
const refused = (state: Experiment): Experiment => {
  if (!state.open) return state;
  const { kind } = state.open;
  if (mustBeHeard(kind)) return { ...state, open: { ...state.open, isRefused: true } };
  const output = turnsOn(kind) && isNotOnYet(state) ? 'off' : state.output;
  // It may have lost them with its power, while nothing ran: they are confirmed before it is told again.
  const hasLimits = state.hasLimits && kind !== 'resume';
  return { ...state, output, hasLimits, isResuming: false, trip: latchAfter(state), open: null };
};

/** A latch that cannot be reset does not keep an experiment from its end: who stands at the station sees to it. */
const latchAfter = ({ ending, open, trip }: Experiment): Trip | null =>
  ending && open?.kind === 'reset-trip' ? null : trip;

export const evolve = (state: ExperimentState, event: ExperimentEvent): ExperimentState => {
  if (event.type === 'ExperimentQueued') return queued(event.data);
  if (isOfImport(event)) {
    if (isExecuted(state)) return state;
    return evolveImport(state.status === 'imported' ? state : undefined, event) ?? state;
  }
  return isExecuted(state) ? withoutNeedless(next(state, event)) : state;
};

/** What an output that is off needs no more. */
const withoutNeedless = (state: Experiment): Experiment => {
  const { output, open, awaitsOff } = state;
  if (output === 'on') return state;
  const isOver = open?.kind === 'output-off' && open.isRefused;
  return awaitsOff || isOver ? { ...state, awaitsOff: false, open: isOver ? null : open } : state;
};

const isOfImport = (event: ExperimentEvent): event is ImportEvent =>
  Object.hasOwn(importEvents, event.type);

const next = (state: Experiment, event: Exclude<ExperimentEvent, ImportEvent>): Experiment => {
  switch (event.type) {
    case 'ExperimentQueued':
      return state;
    case 'ExperimentCancelled':
      return { ...state, status: 'cancelled' };
    case 'ExperimentAssigned':
      return { ...state, status: 'assigned', assigned: event.data };
    case 'InstructionIssued': {
      const { instruction, kind, issuedAt } = event.data;
      const before = state.open?.kind === kind ? state.open : null;
      const { attempt, firstAt } = before ?? { attempt: 0, firstAt: issuedAt };
      const sent = { isSent: false, isRefused: false };
      const open = { instruction, kind, attempt: attempt + 1, firstAt, issuedAt, ...sent };
      const isFirst = mustBeHeard(kind) && state.output === 'on' && !state.awaitsOff;
      const lastOutputOff = isFirst ? instruction : state.lastOutputOff;
      const awaitsOff = isFirst || state.awaitsOff;
      const isAtUnit = state.isAtUnit || kind === 'confirm-limits';
      const output = turnsOn(kind) ? 'on' : state.output;
      const runsOn = hasEnded(state) ? open.firstAt : state.runsOn;
      return { ...state, open, lastOutputOff, awaitsOff, isAtUnit, output, runsOn };
    }
    case 'InstructionRepeated': {
      const { attempt, issuedAt } = event.data;
      return { ...state, open: state.open && { ...state.open, attempt, issuedAt } };
    }
    case 'InstructionSent':
      return { ...state, open: state.open && { ...state.open, isSent: true } };
    case 'InstructionAcknowledged':
      return closed(state);
    case 'InstructionTimedOut':
      return { ...closed(state), isResuming: false, trip: latchAfter(state) };
    case 'InstructionRefused':
      return refused(state);
    case 'LimitsConfirmed':
      return { ...state, hasLimits: true };
    case 'ExperimentStarted':
      return { ...state, status: 'running', output: 'on' };
    case 'StepStarted': {
      const { stepCount, stepId, cycle } = event.data;
      const step = { stepCount, stepId, cycle, isRunning: true };
      return { ...state, step, progress: nothingDone };
    }
    case 'StepEnded': {
      const step = state.step && { ...state.step, isRunning: false };
      return { ...state, step, run: advance(state.plan, state.run, endOf(event.data)) };
    }
    case 'ExperimentPaused':
      return {
        ...state,
        status: 'paused',
        output: 'off',
        offSince: { testTimeS: null, ...event.data },
      };
    case 'ExperimentInterrupted': {
      const { cause } = event.data;
      // One that is interrupted in another way before it goes on is interrupted once.
      const isNew = cause !== 'tripReset' && state.status !== 'interrupted';
      const interruptions = state.interruptions + (isNew ? 1 : 0);
      // Who has lost its power holds no limits any more, and its output is off; who is lost may do anything.
      const lost = cause === 'powerLoss' ? { hasLimits: false, output: 'off' as const } : {};
      const progress = cause === 'tripReset' ? state.progress : progressOf(event.data);
      const stopped = { status: 'interrupted', isResuming: false, interruptions } as const;
      return { ...closed(state), ...lost, ...stopped, progress };
    }
    case 'ResumeRequested':
      return { ...state, isResuming: true };
    case 'ExperimentResumed':
      return { ...state, status: 'running', output: 'on', isResuming: false };
    case 'SafetyTripped': {
      const trip = { number: state.trips + 1, message: event.data.message };
      const progress = progressOf(event.data);
      const tripped = { status: 'tripped', trip, trips: trip.number, progress } as const;
      const found = event.data.isOutputOn ? { output: 'on' as const, foundOn: trip.number } : {};
      return { ...closed(state), ...tripped, ...found };
    }
    case 'OutputOffConfirmed': {
      const { testTimeS, at, progress = state.progress } = event.data;
      const offSince = at === undefined ? null : { testTimeS, at };
      return { ...state, output: 'off', endedAtS: testTimeS ?? state.endedAtS, offSince, progress };
    }
    case 'TripReset':
      return { ...state, trip: null };
    case 'UnitReleased':
      return { ...state, isAtUnit: false };
    case 'ExperimentEnding':
      return { ...closed(state), ending: event.data };
    case 'ExperimentAborted':
      return { ...state, status: 'aborted', open: null };
    case 'ExperimentFailed':
      return { ...state, status: 'failed', open: null };
    case 'ExperimentCompleted': {
      const { testTimeS } = event.data;
      const over = { status: 'completed', output: 'off', open: null, isAtUnit: false } as const;
      return { ...state, ...over, endedAtS: testTimeS };
    }
  }
};
