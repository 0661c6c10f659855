import type { Decider } from '#kernel/decider.js';
import { Refusal } from '#kernel/refusal.js';

import type {
  DecideReview,
  EndImportRun,
  ImportCommand,
  NoteImportFile,
  ReceiveImport,
  RecordAbsences,
  RecordImportRows,
  StartImportRun,
} from './commands.js';
import {
  importCategory,
  type ImportEvent,
  importEvents,
  rowOutcomes,
  rowsPerEvent,
} from './events.js';
import {
  countsOf,
  evolveImport,
  hasEnded,
  type ImportState,
  isBeingCancelled,
  isOpenAbsence,
  isOpenRow,
  isToDo,
  type ReceivedImport,
} from './state.js';

const decide = (command: ImportCommand, state: ImportState): readonly ImportEvent[] => {
  if (command.type === 'ReceiveImport') return receive(command, state);
  if (state.status === 'none') {
    throw new Refusal('IMPORT_NOT_FOUND', 'not-found', 'there is no such import');
  }
  switch (command.type) {
    case 'RetryImport':
      return retry(state);
    case 'CancelImport':
      return cancel(state);
    case 'DecideReview':
      return review(command, state);
    case 'StartImportRun':
      return start(command, state);
    case 'NoteImportFile':
      return noteFile(command, state);
    case 'RecordImportRows':
      return recordRows(command, state);
    case 'RecordAbsences':
      return recordAbsences(command, state);
    case 'EndImportRun':
      return end(command, state);
  }
};

const receive = ({ data }: ReceiveImport, state: ImportState): readonly ImportEvent[] => {
  if (state.status === 'none') return [{ type: 'ImportReceived', data }];
  const run = nextRun(state);
  const { issueCodes, asOf } = data;
  const again = { run, issueCodes, ...(asOf !== undefined && { asOf }) };
  return [{ type: 'ImportReceivedAgain', data: again }];
};

/** A run that was asked for and has not begun serves whoever asks meanwhile, unless it was cancelled. */
const nextRun = (state: ReceivedImport): number =>
  Math.max(state.requested, state.run + 1, state.cancelled + 1);

const retry = (state: ReceivedImport): readonly ImportEvent[] => {
  if (!hasEnded(state)) {
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

/** What waits ends at once; what runs ends when its runner learns of it. */
const cancel = (state: ReceivedImport): readonly ImportEvent[] => {
  if (state.status === 'completed' || state.status === 'failed') {
    throw new Refusal(
      'IMPORT_FINISHED',
      'conflict',
      `the import is ${state.status}: there is nothing left to cancel`,
    );
  }
  const run = state.requested;
  if (state.cancelled >= run) return [];
  const asked: ImportEvent = { type: 'ImportCancelRequested', data: { run } };
  return state.status === 'running' ? [asked] : [asked, cancelled({ ...state, cancelled: run })];
};

const cancelled = (state: ReceivedImport): ImportEvent => ({
  type: 'ImportCancelled',
  data: { run: state.cancelled, counts: countsOf(state) },
});

/** Only what still waits: somebody else may have decided it, or a run may have done the row again. */
const review = (
  { data: { decision }, done }: DecideReview,
  state: ReceivedImport,
): readonly ImportEvent[] => {
  const rows = done.rows.filter((row) => isOpenRow(state, row));
  const absent = done.absent.filter((productId) => isOpenAbsence(state, productId));
  if (rows.length + absent.length === 0) return [];
  return [{ type: 'ImportReviewDecided', data: { decision, rows, absent } }];
};

const start = (
  { data: { runner } }: StartImportRun,
  state: ReceivedImport,
): readonly ImportEvent[] => {
  if (isBeingCancelled(state)) return [cancelled(state)];
  if (state.status === 'running') {
    const { run, scope } = state;
    return [{ type: 'ImportRunStarted', data: { run, runner, scope } }];
  }
  if (state.requested <= Math.max(state.run, state.cancelled)) {
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
  requireFew(rows);
  return [{ type: 'ImportRowsProcessed', data: { run: data.run, rows } }];
};

const requireFew = (items: readonly unknown[]): void => {
  if (items.length <= rowsPerEvent) return;
  throw new Refusal(
    'TOO_MANY_ROWS',
    'invalid',
    `expected at most ${String(rowsPerEvent)} rows at once`,
  );
};

/** The first event of a run is recorded also where nothing is absent: it says that the lists were compared. */
const recordAbsences = (
  { data: { runner, ...found } }: RecordAbsences,
  state: ReceivedImport,
): readonly ImportEvent[] => {
  const { run } = found;
  checkRunner(state, { run, runner });
  if (isBeingCancelled(state)) return [];
  const known = state.absent?.run === run ? state.absent.kinds : undefined;
  const products = found.products.filter(({ productId }) => !known?.has(productId));
  if (known && products.length === 0) return [];
  requireFew(products);
  return [{ type: 'ImportAbsencesFound', data: { ...found, products } }];
};

const end = ({ data }: EndImportRun, state: ReceivedImport): readonly ImportEvent[] => {
  checkRunner(state, data);
  if (isBeingCancelled(state)) return [cancelled(state)];
  const { run, rowsRead: rows, failure = unaccounted(state, rows), notCompared } = data;
  if (failure) return [{ type: 'ImportFailed', data: { run, ...failure, rowsRead: rows } }];
  const completed = { run, rows, counts: countsOf(state), ...(notCompared && { notCompared }) };
  return [{ type: 'ImportCompleted', data: completed }];
};

/** Why the run cannot be called completed; undefined where every row has an outcome. */
const unaccounted = (state: ReceivedImport, rowsRead: number) => {
  const counts = countsOf(state);
  const rows = state.read?.rows ?? null;
  const counted = rowOutcomes.reduce((sum, outcome) => sum + counts[outcome], 0);
  if (rows === rowsRead && rows === counted && isNothingLeft(state, rows)) return undefined;
  const reason = `the rows do not add up: ${String(rows)} were counted, ${String(rowsRead)} were read, ${String(counted)} are accounted for`;
  return { code: 'ROWS_UNACCOUNTED', reason };
};

const isNothingLeft = (state: ReceivedImport, rows: number): boolean => {
  for (let row = 1; row <= rows; row += 1) if (isToDo(state, row)) return false;
  return true;
};

/** One import of one file, by its content: received, then one run or more, each with an outcome per row. */
export const importDecider: Decider<ImportState, ImportCommand, ImportEvent> = {
  category: importCategory,
  events: importEvents,
  initialState: { status: 'none' },
  decide,
  evolve: evolveImport,
};
