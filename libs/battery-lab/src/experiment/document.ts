import type { EventData, ExperimentEvent } from './events.js';
import type { Place, Status } from './state.js';

/** An experiment as the API shows it. Units are in the names; times are ISO 8601 UTC. */
export interface ExperimentDocument extends Omit<EventData<'ExperimentQueued'>, 'program'> {
  readonly status: Status;
  /** On also where nobody knows. */
  readonly output: 'on' | 'off';
  readonly devices: EventData<'ExperimentAssigned'>['devices'];
  readonly calibratedUntil: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Seconds since the start, at the end. */
  readonly testTimeS: number | null;
  /** The step that runs or has stopped; the last one at the end. */
  readonly step: Place | null;
  /** What the unit was told and has not answered. */
  readonly instruction: EventData<'InstructionIssued'>['kind'] | null;
  /** Why it stands where it stands, for people. */
  readonly message: string | null;
}

export type DocumentState = { readonly status: 'absent' } | ExperimentDocument;

/** The experiment after one more event. Pure and total. */
export const evolveDocument = (state: DocumentState, event: ExperimentEvent): DocumentState => {
  if (event.type === 'ExperimentQueued') {
    const { program: _, ...data } = event.data;
    return {
      ...{ status: 'queued', ...data, output: 'off', devices: [], calibratedUntil: null },
      ...{ startedAt: null, endedAt: null, testTimeS: null, step: null },
      ...{ instruction: null, message: null },
    };
  }
  return state.status === 'absent' ? state : { ...state, ...changeBy(event, state) };
};

/** What is known of it after the event that was not known before. */
const changeBy = (
  event: Exclude<ExperimentEvent, { type: 'ExperimentQueued' }>,
  { instruction }: ExperimentDocument,
): Partial<ExperimentDocument> => {
  switch (event.type) {
    case 'ExperimentCancelled':
      return { status: 'cancelled' };
    case 'ExperimentAssigned': {
      const { devices, calibratedUntil } = event.data;
      return { status: 'assigned', devices, calibratedUntil };
    }
    case 'InstructionIssued': {
      const { kind } = event.data;
      const isOn = kind === 'start' || kind === 'resume';
      return { instruction: kind, ...(isOn && { output: 'on' }) };
    }
    case 'InstructionRefused': {
      const message = `the unit refuses "${String(instruction)}": ${event.data.reason}`;
      // It was not switched on for it.
      const wasForOn = instruction === 'start' || instruction === 'resume';
      return { instruction: null, message, ...(wasForOn && { output: 'off' }) };
    }
    case 'InstructionTimedOut':
      return { instruction: null, message: 'the unit has not answered' };
    case 'InstructionAcknowledged':
      return { instruction: null };
    case 'InstructionRepeated':
    case 'InstructionSent':
    case 'LimitsConfirmed':
    case 'StepEnded':
    case 'ResumeRequested':
    case 'TripReset':
    case 'UnitReleased':
      return {};
    case 'ExperimentStarted':
      return { status: 'running', output: 'on', startedAt: event.data.at };
    case 'StepStarted': {
      const { stepCount, stepId, cycle } = event.data;
      return { step: { stepCount, stepId, cycle } };
    }
    case 'ExperimentPaused':
      return { status: 'paused', output: 'off', message: null };
    case 'ExperimentInterrupted': {
      const { cause } = event.data;
      const off = cause === 'powerLoss' ? { output: 'off' as const } : {};
      return { status: 'interrupted', ...off, message: `interrupted: ${cause}`, instruction: null };
    }
    case 'ExperimentResumed':
      return { status: 'running', output: 'on', message: null };
    case 'SafetyTripped':
      return { status: 'tripped', message: event.data.message, instruction: null };
    case 'OutputOffConfirmed': {
      const { testTimeS } = event.data;
      return { output: 'off', ...(testTimeS !== null && { testTimeS }) };
    }
    case 'ExperimentEnding':
      return { message: event.data.message, instruction: null };
    case 'ExperimentAborted':
      return { status: 'aborted' };
    case 'ExperimentFailed':
      return { status: 'failed', message: event.data.message };
    case 'ExperimentCompleted': {
      const { at: endedAt, testTimeS } = event.data;
      return { status: 'completed', output: 'off', endedAt, testTimeS, message: null };
    }
  }
};
