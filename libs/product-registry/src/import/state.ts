import {
  type AbsenceKind,
  type ImportDataOf,
  type ImportEvent,
  type NotCompared,
  type Outcome,
  type OutcomeCounts,
  type RowOutcome,
  rowOutcomes,
} from './events.js';
import { reviewKindOf } from './review/review-kinds.js';
import { RowSet } from './row-set.js';

export type ImportState = NoImport | ReceivedImport;

interface NoImport {
  readonly status: 'none';
}

export const importStatuses = ['received', 'running', 'completed', 'failed', 'cancelled'] as const;
export type ImportStatus = (typeof importStatuses)[number];

export interface ReceivedImport {
  readonly status: ImportStatus;
  readonly received: ImportDataOf<'ImportReceived'>;
  readonly issueCodes: boolean;
  /** The list's own date, as it was last stated. */
  readonly asOf: string | null;
  /** The run that is under way, or was the last one; 0 before the first. */
  readonly run: number;
  /** The newest run that somebody asked for. */
  readonly requested: number;
  readonly requestedScope: 'all' | 'retry';
  /** The newest run that somebody cancelled; 0 where none was. */
  readonly cancelled: number;
  readonly scope: 'all' | 'retry';
  readonly runner: string | null;
  /** What the first pass over the file found, with the run that made it. */
  readonly read: ImportDataOf<'ImportFileRead'> | null;
  /** Why the last run failed; null unless it did. */
  readonly failure: ImportDataOf<'ImportFailed'> | null;
  /** Rows by their latest outcome. */
  readonly outcomes: Readonly<Record<Outcome, RowSet>>;
  /** Accepted rows by what they did; those of runs before this was recorded are in neither. */
  readonly accepted: { readonly new: RowSet; readonly changed: RowSet };
  /** The newest run that completed; 0 where none did. */
  readonly completed: number;
  /** What the newest comparison with an earlier list found; null where there was none. */
  readonly absent: FoundAbsences | null;
  /** Why the last run ended without that comparison; null where it was made, or there was nothing to compare. */
  readonly notCompared: NotCompared | null;
  /** Rows that the current run is done with. */
  readonly done: RowSet;
  /** Rows left for review that somebody has decided since. */
  readonly decided: RowSet;
  /** Rows left for review of which nothing can be accepted: one that is decided was rejected, and is left as it is. */
  readonly others: RowSet;
  /** Products of which somebody has decided whether they are gone: the same list is not asked about again. */
  readonly decidedAbsences: ReadonlySet<string>;
}

/** Products that an earlier list names, and this one does not. */
export interface FoundAbsences {
  readonly run: number;
  /** The import of the earlier list. */
  readonly previous: string;
  /** By product. */
  readonly kinds: ReadonlyMap<string, AbsenceKind>;
}

const nothingDone: Readonly<Record<Outcome, RowSet>> = {
  accepted: RowSet.empty,
  unchanged: RowSet.empty,
  rejected: RowSet.empty,
  needsReview: RowSet.empty,
};

export type AcceptedCounts = Readonly<Record<'new' | 'changed', number>>;

const nothingAccepted: ReceivedImport['accepted'] = { new: RowSet.empty, changed: RowSet.empty };

export const countsOf = ({ outcomes }: Pick<ReceivedImport, 'outcomes'>): OutcomeCounts => ({
  accepted: outcomes.accepted.size,
  unchanged: outcomes.unchanged.size,
  rejected: outcomes.rejected.size,
  needsReview: outcomes.needsReview.size,
});

/** Accepted rows by what they did. */
export const acceptedCountsOf = ({ accepted }: ReceivedImport): AcceptedCounts => ({
  new: accepted.new.size,
  changed: accepted.changed.size,
});

/** Whether the run that is under way was cancelled and goes on until its runner learns of it. */
export const isBeingCancelled = ({ status, run, cancelled }: ReceivedImport): boolean =>
  status === 'running' && cancelled >= run;

/** Whether nothing more is done unless somebody asks again. */
export const hasEnded = ({ status }: Pick<ReceivedImport, 'status'>): boolean =>
  status !== 'received' && status !== 'running';

/** Whether the current run has still to do the row. */
export const isToDo = (state: ReceivedImport, row: number): boolean => {
  if (state.done.has(row)) return false;
  if (state.scope === 'all') return true;
  if (state.decided.has(row) && state.others.has(row)) return false;
  return !state.outcomes.accepted.has(row) && !state.outcomes.unchanged.has(row);
};

/** Whether the row waits for a person. */
export const isOpenRow = ({ outcomes, decided }: ReceivedImport, row: number): boolean =>
  outcomes.needsReview.has(row) && !decided.has(row);

/** Products that the list no longer names, and nobody has said yet whether they are gone. */
export const openAbsencesOf = ({ absent, decidedAbsences }: ReceivedImport): readonly string[] =>
  [...(absent?.kinds ?? [])].flatMap(([id, kind]) =>
    kind === 'gone' && !decidedAbsences.has(id) ? [id] : [],
  );

/** Whether the product is one of these. */
export const isOpenAbsence = (
  { absent, decidedAbsences }: ReceivedImport,
  productId: string,
): boolean => absent?.kinds.get(productId) === 'gone' && !decidedAbsences.has(productId);

/** Rows and products that wait for a person. */
export const waitingCountOf = (state: ReceivedImport): number =>
  state.outcomes.needsReview.size - state.decided.size + openAbsencesOf(state).length;

export const evolveImport = (state: ImportState, event: ImportEvent): ImportState => {
  if (event.type === 'ImportReceived') {
    return {
      status: 'received',
      received: event.data,
      issueCodes: event.data.issueCodes,
      asOf: event.data.asOf ?? null,
      run: 0,
      requested: 1,
      requestedScope: 'all',
      cancelled: 0,
      scope: 'all',
      runner: null,
      read: null,
      failure: null,
      outcomes: nothingDone,
      accepted: nothingAccepted,
      completed: 0,
      absent: null,
      notCompared: null,
      done: RowSet.empty,
      decided: RowSet.empty,
      others: RowSet.empty,
      decidedAbsences: new Set(),
    };
  }
  return state.status === 'none' ? state : evolveReceived(state, event);
};

const evolveReceived = (
  state: ReceivedImport,
  event: Exclude<ImportEvent, { type: 'ImportReceived' }>,
): ReceivedImport => {
  switch (event.type) {
    case 'ImportReceivedAgain':
      return requested(
        { ...state, issueCodes: event.data.issueCodes, asOf: event.data.asOf ?? state.asOf },
        { run: event.data.run, scope: 'all' },
      );
    case 'ImportRetryRequested':
      return requested(state, { run: event.data.run, scope: 'retry' });
    case 'ImportRunStarted':
      return started(state, event.data);
    case 'ImportFileRead':
      return { ...state, read: event.data, asOf: state.asOf ?? event.data.asOf ?? null };
    case 'ImportAbsencesFound':
      return { ...state, absent: withAbsences(state, event.data) };
    case 'ImportReviewDecided':
      return decided(state, event.data);
    case 'ImportRowsProcessed':
      return processed(state, event.data.rows);
    case 'ImportCompleted':
      return completed(state, event.data);
    case 'ImportFailed':
      return { ...ended(state, 'failed', event.data.run), failure: event.data };
    case 'ImportCancelRequested':
      return { ...state, cancelled: event.data.run };
    case 'ImportCancelled':
      return { ...ended(state, 'cancelled', event.data.run), failure: null };
  }
};

const completed = (
  state: ReceivedImport,
  { run, notCompared }: ImportDataOf<'ImportCompleted'>,
): ReceivedImport => ({
  ...ended(state, 'completed', run),
  failure: null,
  completed: run,
  notCompared: notCompared ?? null,
});

const withAbsences = (
  { absent }: ReceivedImport,
  { run, previous, products }: ImportDataOf<'ImportAbsencesFound'>,
): FoundAbsences => {
  const before = absent?.run === run ? absent.kinds : [];
  const found = products.map(({ productId, kind }) => [productId, kind] as const);
  return { run, previous, kinds: new Map([...before, ...found]) };
};

/** How many products an earlier list names that this one does not, by what became of them. */
export const absenceCountsOf = ({
  kinds,
}: FoundAbsences): Readonly<Record<AbsenceKind, number>> => {
  const counts = { gone: 0, transferred: 0, renamed: 0 };
  for (const kind of kinds.values()) counts[kind] += 1;
  return counts;
};

const ended = (
  state: ReceivedImport,
  status: ImportStatus,
  run: number,
): Omit<ReceivedImport, 'failure'> => ({
  ...state,
  runner: null,
  status: state.requested > run ? 'received' : status,
});

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
    notCompared: null,
    done: RowSet.empty,
    ...(scope === 'all' && {
      ...{ outcomes: nothingDone, accepted: nothingAccepted, absent: null },
      decided: RowSet.empty,
    }),
  };
};

const decided = (
  state: ReceivedImport,
  { rows, absent }: ImportDataOf<'ImportReviewDecided'>,
): ReceivedImport => ({
  ...state,
  decided: state.decided.with(rows.filter((row) => state.outcomes.needsReview.has(row))),
  decidedAbsences: new Set([...state.decidedAbsences, ...absent]),
});

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
  const acceptedWhere = (before: RowSet, isNew: boolean): RowSet =>
    before.without(numbers).with(rows.filter((row) => row.isNew === isNew).map(({ row }) => row));
  const accepted = {
    new: acceptedWhere(state.accepted.new, true),
    changed: acceptedWhere(state.accepted.changed, false),
  };
  const others = rows.filter((row) => reviewKindOf(row) === 'other').map(({ row }) => row);
  return {
    ...{ ...state, outcomes, accepted },
    done: state.done.with(numbers),
    decided: state.decided.without(numbers),
    others: state.others.without(numbers).with(others),
  };
};
