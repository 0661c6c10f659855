import type { RefusalAbout, StationState } from '#cycling/protocol/messages.js';
import type { CommandOf } from '#kernel/command.js';

import type { ImportCommand } from '../import/decider.js';
import type { EventData, InstructionKind } from './events.js';

interface TheInstruction {
  readonly instruction: string;
}

/** What an operator wants. `instruction` is the id of the one that it leads to. */
type Operations = {
  CancelExperiment: object;
  PauseExperiment: TheInstruction;
  ResumeExperiment: object;
  AbortExperiment: { readonly message: string | null };
  ResetTrip: TheInstruction;
  /** For a unit that cannot say so any more: somebody has seen to it. */
  ConfirmOutputOff: object;
};

interface Witnessed {
  /** In amperes, of whoever says that its output is off: the witness of that. */
  readonly currentA?: number;
}

interface OutputSaid extends Witnessed {
  readonly isOutputOff: boolean;
  /** Seconds since the start, by the unit. */
  readonly testTimeS: number | null;
}

/** A current that was measured. */
export interface CurrentSeen {
  readonly currentA: number;
  /** Seconds since the start, by the unit. */
  readonly testTimeS: number;
  /** By the clock of the unit. */
  readonly at: string;
}

/** What the unit says of its program. Each may come more than once. */
type Reports = {
  NoteStepStarted: EventData<'StepStarted'>;
  NoteStepEnded: EventData<'StepEnded'>;
  NoteCompleted: EventData<'ExperimentCompleted'>;
  NoteInterrupted: EventData<'ExperimentInterrupted'> & OutputSaid;
  NoteTripped: EventData<'SafetyTripped'> & OutputSaid;
  /** It has switched off because the server said so. */
  NoteSwitchedOff: EventData<'OutputOffConfirmed'> & { readonly testTimeS: number } & Witnessed;
  /** It has recorded a current. */
  NoteCurrent: CurrentSeen;
  /** It has left the program, with its output off. */
  NoteStopped: { readonly testTimeS: number; readonly at: string } & Witnessed;
};

/** What the supervising process does; times are those of the server. */
type Supervision = {
  AssignExperiment: EventData<'ExperimentAssigned'>;
  HoldExperiment: EventData<'ExperimentHeld'>;
  IssueInstruction: TheInstruction & { readonly kind: InstructionKind; readonly at: string };
  RepeatInstruction: TheInstruction & { readonly attempt: number; readonly at: string };
  TimeOutInstruction: TheInstruction & { readonly at: string };
  NoteInstructionSent: TheInstruction;
  AnswerInstruction: TheInstruction & {
    readonly status: 'done' | 'refused';
    readonly reason: string;
    /** By the clock of the unit. */
    readonly at: string;
    /** In amperes: the witness that an output is off. */
    readonly currentA?: number | undefined;
    /** What the station does from then on. */
    readonly state?: StationState | undefined;
    /** Of a refusal: what stands in the way. */
    readonly about?: RefusalAbout | undefined;
  };
  /** It has ended, and its unit still runs it. */
  StopAgain: TheInstruction;
  FailExperiment: { readonly message: string };
  EndExperiment: object;
};

export type OperationCommand = CommandOf<Operations>;
export type ReportCommand = CommandOf<Reports>;
export type SupervisionCommand = CommandOf<Supervision>;
export type ExperimentCommand =
  | CommandOf<{ QueueExperiment: EventData<'ExperimentQueued'> }>
  | OperationCommand
  | ReportCommand
  | SupervisionCommand
  | ImportCommand;

export type SupervisionData<T extends SupervisionCommand['type']> = Extract<
  SupervisionCommand,
  { type: T }
>['data'];
