import { type ImportDocument, importedBy, importRequested } from '../import/document.js';
import type { EventData, ExperimentEvent } from './events.js';
import { type Gap, gapKnown, gapOpened } from './gaps.js';
import type { Place, Progress, Status } from './state.js';

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
  /** Of that step, where the program has stopped and the unit has said so. */
  readonly progress: Progress | null;
  /** When the program stood, the newest last. */
  readonly gaps: readonly Gap[];
  /** Why its station cannot take it, nor any other, and since when. */
  readonly held: { readonly reason: string; readonly since: string } | null;
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
  ...{ progress: null, gaps: [], held: null },
};

const progressOf = ({ elapsedS, chargeAh, dischargeAh }: Progress): Progress => ({
  ...{ elapsedS, chargeAh, dischargeAh },
});

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
      return { status: 'cancelled', held: null };
    case 'ExperimentAssigned': {
      const { devices, calibratedUntil } = event.data;
      return { status: 'assigned', devices, calibratedUntil };
    }
    case 'ExperimentHeld': {
      const { reason, at } = event.data;
      const held = { reason, since: state.held?.since ?? at };
      const back = { status: 'queued', devices: [], calibratedUntil: null } as const;
      return { ...back, held, message: reason, instruction: null };
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
      return {
        ...{ status: 'running', output: 'on', startedAt: event.data.at },
        ...{ held: null, message: null },
      };
    case 'StepStarted': {
      const { stepCount, stepId, cycle } = event.data;
      return { step: { stepCount, stepId, cycle }, progress: null };
    }
    case 'ExperimentPaused':
      return {
        ...{ status: 'paused', output: 'off', message: null, progress: null },
        gaps: gapOpened(state.gaps, 'pause', event.data.at),
      };
    case 'ExperimentInterrupted': {
      const { cause, at, gapS } = event.data;
      const off = cause === 'powerLoss' ? { output: 'off' as const } : {};
      const stopped = { status: 'interrupted', message: `interrupted: ${cause}` } as const;
      const gap = cause !== 'tripReset' && {
        ...{ gaps: gapOpened(state.gaps, cause, at, gapS), progress: progressOf(event.data) },
      };
      return { ...off, ...stopped, ...gap, instruction: null };
    }
    case 'ExperimentResumed':
      return {
        ...{ status: 'running', output: 'on', message: null, progress: null },
        gaps: gapKnown(state.gaps, { to: event.data.at }),
      };
    case 'SafetyTripped':
      return {
        ...{ status: 'tripped', message: event.data.message, instruction: null, held: null },
        ...(state.startedAt !== null && { gaps: gapOpened(state.gaps, 'trip', event.data.at) }),
        ...(event.data.by === 'unit' && { progress: progressOf(event.data) }),
        ...(event.data.isOutputOn && { output: 'on' }),
      };
    case 'OutputOffConfirmed': {
      const { testTimeS, progress } = event.data;
      const known = testTimeS !== null && { testTimeS, gaps: gapKnown(state.gaps, { testTimeS }) };
      return { output: 'off', ...known, ...(progress && { progress }) };
    }
    case 'ExperimentEnding':
      return { message: event.data.message, instruction: null, held: null };
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
