import type { Plan } from '#cycling/program/plan.js';
import type { RunState } from '#cycling/program/run.js';

import type { ImportedExperiment } from '../import/decider.js';
import type { EventData, InstructionKind } from './events.js';

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

/** Why the station cannot take the experiment, nor any other. Times are those of the server. */
export interface Held {
  readonly reason: string;
  readonly since: string;
  /** Of the newest attempt, and how many there were. */
  readonly at: string;
  readonly attempts: number;
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
  /** What held the queue of its station; it does so still while `isHeld`. */
  readonly held: Held | null;
  readonly isHeld: boolean;
  /** The unit knows of the experiment: it takes another one when it has left this one. */
  readonly isAtUnit: boolean;
  /** The unit holds the limits for what it is told next: it may lose them with its power whenever it stands. */
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
  /** Seconds since the start when its output was off last, by the unit; null where it never said so, or a person said it last. */
  readonly endedAtS: number | null;
  /** When the output went off by what the unit or a person said; null where nobody did. */
  readonly offSince: {
    readonly by: 'unit' | 'operator';
    readonly testTimeS: number | null;
    readonly at: string;
  } | null;
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

/** What is told again until it is done. */
export const mustBeHeard = (kind: InstructionKind): boolean =>
  kind === 'output-off' || kind === 'stop';

/** Whether the unit's output may be on as soon as it has the instruction. */
export const turnsOn = (kind: InstructionKind): boolean => kind === 'start' || kind === 'resume';

/** Nothing that the unit has said shows that the start or the resume that is open is done. */
export const isNotOnYet = ({ status, isResuming }: Experiment): boolean =>
  status === 'assigned' || isResuming;
