import type { Decider } from '#kernel/decider.js';
import { Refusal } from '#kernel/refusal.js';

import type {
  FailImportRun,
  FinishImportRun,
  ImportCommand,
  NoteImportFile,
  ReceiveImport,
  RecordImportRows,
  StartImportRun,
} from './commands.js';
import {
  importCategory,
  rowOutcomes,
  rowsPerEvent,
  type ImportEvent,
  type ImportFailed,
  type ImportFileRead,
  type ImportReceived,
  type Outcome,
  type OutcomeCounts,
  type RowOutcome,
} from './events.js';
import { RowSet } from './row-set.js';

export type ImportState = NoImport | ReceivedImport;

interface NoImport {
  readonly status: 'none';
}

export interface ReceivedImport {
  readonly status: 'received' | 'running' | 'completed' | 'failed';
  readonly received: ImportReceived['data'];
  readonly issueCodes: boolean;
  /** The run that is under way, or was the last one; 0 before the first. */
  readonly run: number;
  /** The newest run that somebody asked for. */
  readonly requested: number;
  readonly requestedScope: 'all' | 'retry';
  readonly scope: 'all' | 'retry';
  readonly runner: string | null;
  /** What the first pass over the file found, with the run that made it. */
  readonly read: ImportFileRead['data'] | null;
  /** Why the last run failed; null unless it did. */
  readonly failure: ImportFailed['data'] | null;
  /** Rows by their latest outcome. */
  readonly outcomes: Readonly<Record<Outcome, RowSet>>;
  /** Rows that the current run is done with. */
  readonly done: RowSet;
}

const nothingDone: Readonly<Record<Outcome, RowSet>> = {
  accepted: RowSet.empty,
  unchanged: RowSet.empty,
  rejected: RowSet.empty,
  needsReview: RowSet.empty,
};

export const countsOf = ({ outcomes }: Pick<ReceivedImport, 'outcomes'>): OutcomeCounts => ({
  accepted: outcomes.accepted.size,
  unchanged: outcomes.unchanged.size,
  rejected: outcomes.rejected.size,
  needsReview: outcomes.needsReview.size,
});

/** Whether the current run has still to do the row. */
export const isToDo = (state: ReceivedImport, row: number): boolean => {
  if (state.done.has(row)) return false;
  if (state.scope === 'all') return true;
  return !state.outcomes.accepted.has(row) && !state.outcomes.unchanged.has(row);
};

const evolve = (state: ImportState, event: ImportEvent): ImportState => {
  if (event.type === 'ImportReceived') {
    return {
      status: 'received',
      received: event.data,
      issueCodes: event.data.issueCodes,
      run: 0,
      requested: 1,
      requestedScope: 'all',
      scope: 'all',
      runner: null,
      read: null,
      failure: null,
      outcomes: nothingDone,
      done: RowSet.empty,
    };
  }
  return state.status === 'none' ? state : evolveReceived(state, event);
};

const evolveReceived = (
  state: ReceivedImport,
  event: Exclude<ImportEvent, ImportReceived>,
): ReceivedImport => {
  switch (event.type) {
    case 'ImportReceivedAgain':
      return requested(
        { ...state, issueCodes: event.data.issueCodes },
        { run: event.data.run, scope: 'all' },
      );
    case 'ImportRetryRequested':
      return requested(state, { run: event.data.run, scope: 'retry' });
    case 'ImportRunStarted':
      return started(state, event.data);
    case 'ImportFileRead':
      return { ...state, read: event.data };
    case 'ImportRowsProcessed':
      return processed(state, event.data.rows);
    case 'ImportCompleted':
    case 'ImportFailed': {
      const ended = event.type === 'ImportCompleted' ? 'completed' : 'failed';
      return {
        ...state,
        runner: null,
        failure: event.type === 'ImportFailed' ? event.data : null,
        status: state.requested > event.data.run ? 'received' : ended,
      };
    }
  }
};

const requested = (
  state: ReceivedImport,
  { run, scope }: { run: number; scope: 'all' | 'retry' },
): ReceivedImport => ({
  ...state,
  requested: run,
  requestedScope: scope,
  status: state.status === 'running' ? 'running' : 'received',
});

/** A run that goes on keeps what was done; a new one of all rows begins with nothing. */
const started = (
  state: ReceivedImport,
  { run, runner, scope }: { run: number; runner: string; scope: 'all' | 'retry' },
): ReceivedImport => {
  if (run === state.run) return { ...state, runner, status: 'running' };
  return {
    ...state,
    run,
    runner,
    scope,
    status: 'running',
    failure: null,
    done: RowSet.empty,
    outcomes: scope === 'all' ? nothingDone : state.outcomes,
  };
};

const processed = (state: ReceivedImport, rows: readonly RowOutcome[]): ReceivedImport => {
  const numbers = rows.map(({ row }) => row);
  const outcomes = Object.fromEntries(
    rowOutcomes.map((outcome) => [
      outcome,
      state.outcomes[outcome]
        .without(numbers)
        .with(rows.filter((row) => row.outcome === outcome).map(({ row }) => row)),
    ]),
  ) as Record<Outcome, RowSet>;
  return { ...state, outcomes, done: state.done.with(numbers) };
};

const decide = (command: ImportCommand, state: ImportState): readonly ImportEvent[] => {
  if (command.type === 'ReceiveImport') return receive(command, state);
  if (state.status === 'none') {
    throw new Refusal('IMPORT_NOT_FOUND', 'not-found', 'there is no such import');
  }
  switch (command.type) {
    case 'RetryImport':
      return retry(state);
    case 'StartImportRun':
      return start(command, state);
    case 'NoteImportFile':
      return noteFile(command, state);
    case 'RecordImportRows':
      return recordRows(command, state);
    case 'FinishImportRun':
      return finish(command, state);
    case 'FailImportRun':
      return fail(command, state);
  }
};

const receive = ({ data }: ReceiveImport, state: ImportState): readonly ImportEvent[] => {
  if (state.status === 'none') return [{ type: 'ImportReceived', data }];
  const run = nextRun(state);
  return [{ type: 'ImportReceivedAgain', data: { run, issueCodes: data.issueCodes } }];
};

/** A run that was asked for and has not begun serves whoever asks meanwhile. */
const nextRun = (state: ReceivedImport): number => Math.max(state.requested, state.run + 1);

const retry = (state: ReceivedImport): readonly ImportEvent[] => {
  if (state.status !== 'completed' && state.status !== 'failed') {
    throw new Refusal(
      'IMPORT_NOT_FINISHED',
      'conflict',
      `the import is ${state.status}: it can be retried when it has ended`,
    );
  }
  const { rejected, needsReview } = countsOf(state);
  if (state.status === 'completed' && rejected + needsReview === 0) {
    throw new Refusal(
      'NOTHING_TO_RETRY',
      'conflict',
      'no row of the import was rejected or left for review',
    );
  }
  return [{ type: 'ImportRetryRequested', data: { run: nextRun(state) } }];
};

const start = (
  { data: { runner } }: StartImportRun,
  state: ReceivedImport,
): readonly ImportEvent[] => {
  if (state.status === 'running') {
    const { run, scope } = state;
    return [{ type: 'ImportRunStarted', data: { run, runner, scope } }];
  }
  if (state.requested <= state.run) {
    throw new Refusal('NO_RUN_REQUESTED', 'conflict', `the import is ${state.status}`);
  }
  const { requested: run, requestedScope: scope } = state;
  return [{ type: 'ImportRunStarted', data: { run, runner, scope } }];
};

/** Refuses whoever was replaced: a process that was frozen must not add to a run that goes on elsewhere. */
const checkRunner = (
  state: ReceivedImport,
  { run, runner }: { readonly run: number; readonly runner: string },
): void => {
  if (state.status === 'running' && state.run === run && state.runner === runner) return;
  throw new Refusal(
    'RUNNER_REPLACED',
    'conflict',
    `run ${String(run)} is not in the hands of this runner any more`,
  );
};

const noteFile = ({ data }: NoteImportFile, state: ReceivedImport): readonly ImportEvent[] => {
  checkRunner(state, data);
  if (state.read?.run === data.run && state.read.rows === data.rows) return [];
  const { runner: _, ...file } = data;
  return [{ type: 'ImportFileRead', data: file }];
};

const recordRows = ({ data }: RecordImportRows, state: ReceivedImport): readonly ImportEvent[] => {
  checkRunner(state, data);
  const rows = data.rows.filter(({ row }) => !state.done.has(row));
  if (rows.length === 0) return [];
  if (rows.length > rowsPerEvent) {
    throw new Refusal(
      'TOO_MANY_ROWS',
      'invalid',
      `expected at most ${String(rowsPerEvent)} rows at once`,
    );
  }
  return [{ type: 'ImportRowsProcessed', data: { run: data.run, rows } }];
};

const finish = ({ data }: FinishImportRun, state: ReceivedImport): readonly ImportEvent[] => {
  checkRunner(state, data);
  const { run, rowsRead } = data;
  const counts = countsOf(state);
  const rows = state.read?.rows ?? null;
  const counted = rowOutcomes.reduce((sum, outcome) => sum + counts[outcome], 0);
  if (rows === rowsRead && rows === counted && isNothingLeft(state, rows)) {
    return [{ type: 'ImportCompleted', data: { run, rows, counts } }];
  }
  const reason = `the rows do not add up: ${String(rows)} were counted, ${String(rowsRead)} were read, ${String(counted)} are accounted for`;
  return [{ type: 'ImportFailed', data: { run, code: 'ROWS_UNACCOUNTED', reason, rowsRead } }];
};

const isNothingLeft = (state: ReceivedImport, rows: number): boolean => {
  for (let row = 1; row <= rows; row += 1) if (isToDo(state, row)) return false;
  return true;
};

const fail = ({ data }: FailImportRun, state: ReceivedImport): readonly ImportEvent[] => {
  checkRunner(state, data);
  const { runner: _, ...failure } = data;
  return [{ type: 'ImportFailed', data: failure }];
};

/** One import of one file, by its content: received, then one run or more, each with an outcome per row. */
export const importDecider: Decider<ImportState, ImportCommand, ImportEvent> = {
  category: importCategory,
  events: {
    ImportReceived: true,
    ImportReceivedAgain: true,
    ImportRunStarted: true,
    ImportFileRead: true,
    ImportRowsProcessed: true,
    ImportRetryRequested: true,
    ImportCompleted: true,
    ImportFailed: true,
  },
  initialState: { status: 'none' },
  decide,
  evolve,
};
