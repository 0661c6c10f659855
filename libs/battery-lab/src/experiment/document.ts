import { type ImportDocument, importedBy, importRequested } from '../import/document.js';
import type { EventData, ExperimentEvent } from './events.js';
import type { Place, Status } from './state.js';

type Queued = Omit<EventData<'ExperimentQueued'>, 'program'>;
type OrNull<T> = { readonly [Member in keyof T]: T[Member] | null };
/** What only an experiment has that a unit executes. */
type Executed = Omit<Queued, 'name' | 'description' | 'batteryId' | 'nominalCapacityAh'>;

/** An experiment as the API shows it. Units are in the names; times are ISO 8601 UTC. */
export interface ExperimentDocument extends Omit<Queued, keyof Executed>, OrNull<Executed> {
  readonly status: Status | 'importing' | 'imported';
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
  /** Of one that was recorded elsewhere; null for those that a unit executes. */
  readonly import: ImportDocument | null;
}

export type DocumentState = { readonly status: 'absent' } | ExperimentDocument;

/** The experiment after one more event. Pure and total. */
export const evolveDocument = (state: DocumentState, event: ExperimentEvent): DocumentState => {
  if (event.type === 'ExperimentQueued') {
    const { program: _, ...data } = event.data;
    return { status: 'queued', ...data, ...nothingYet, import: null };
  }
  if (event.type === 'ExperimentImportRequested') {
    const { name, description, batteryId, nominalCapacityAh } = event.data;
    return {
      ...{ status: 'importing', name, description, batteryId, nominalCapacityAh },
      ...{ stationId: null, unitId: null, profileId: null, profileVersion: null },
      ...{ profileHash: null, limits: null, ...nothingYet },
      import: importRequested(event.data),
    };
  }
  return state.status === 'absent' ? state : { ...state, ...changeBy(event, state) };
};

const nothingYet = {
  output: 'off' as const,
  ...{ devices: [], calibratedUntil: null, startedAt: null, endedAt: null },
  ...{ testTimeS: null, step: null, instruction: null, message: null },
};

/** When its output was off for good, by the clock of the unit. Null: the unit never said so, or it never began. */
const endOf = ({ startedAt, testTimeS }: ExperimentDocument): string | null =>
  startedAt === null || testTimeS === null
    ? null
    : new Date(Date.parse(startedAt) + Math.round(testTimeS * 1_000)).toISOString();

/** What is known of it after the event that was not known before. */
const changeBy = (
  event: Exclude<
    ExperimentEvent,
    { type: 'ExperimentQueued' } | { type: 'ExperimentImportRequested' }
  >,
  state: ExperimentDocument,
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
      const { instruction } = state;
      const message = `the unit refuses "${String(instruction)}": ${event.data.reason}`;
      // It was not switched on for it; what runs by its steps is on whatever it says of that.
      const wasForOn =
        state.status !== 'running' && (instruction === 'start' || instruction === 'resume');
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
      return {
        ...{ status: 'tripped', message: event.data.message, instruction: null },
        ...(event.data.isOutputOn && { output: 'on' }),
      };
    case 'OutputOffConfirmed': {
      const { testTimeS } = event.data;
      return { output: 'off', ...(testTimeS !== null && { testTimeS }) };
    }
    case 'ExperimentEnding':
      return { message: event.data.message, instruction: null };
    case 'ExperimentAborted':
      return { status: 'aborted', endedAt: endOf(state) };
    case 'ExperimentFailed':
      return { status: 'failed', message: event.data.message, endedAt: endOf(state) };
    case 'ExperimentCompleted': {
      const { at: endedAt, testTimeS } = event.data;
      return { status: 'completed', output: 'off', endedAt, testTimeS, message: null };
    }
    case 'ImportedRowsRejected':
    case 'ExperimentImported':
    case 'ExperimentImportFailed':
    case 'ExperimentImportCancelled':
      return state.import ? importedBy(event, state.import) : {};
  }
};
