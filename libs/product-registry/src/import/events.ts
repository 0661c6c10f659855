import type { DomainEvent } from '#kernel/event.js';

// The names below are the storage format.

export const importCategory = 'import';
export const importStream = (id: string): string => `${importCategory}-${id}`;

export type ImportKind = 'products' | 'manufacturers';

export const rowOutcomes = ['accepted', 'unchanged', 'rejected', 'needsReview'] as const;
export type Outcome = (typeof rowOutcomes)[number];

/** `row` counts data records from 1, in the file's order. */
export interface RowOutcome {
  readonly row: number;
  readonly outcome: Outcome;
  /** Of a list of products. */
  readonly productId?: string;
  /** Of a list of manufacturers. */
  readonly manufacturerId?: string;
  readonly problems?: readonly RowProblem[];
}

/** `column` is the column's title, '' where the row as a whole is meant. */
export interface RowProblem {
  readonly column: string;
  readonly reason: string;
  readonly raw: string;
}

export type OutcomeCounts = Readonly<Record<Outcome, number>>;

/** At most so many rows in one `ImportRowsProcessed`. */
export const rowsPerEvent = 500;

/** The file lies in the evidence folder under its hash before this is appended. */
export type ImportReceived = DomainEvent<
  'ImportReceived',
  {
    readonly kind: ImportKind;
    readonly sha256: string;
    readonly bytes: number;
    readonly file: string | null;
    readonly mappingVersion: number;
    /** Whether a maker without a code gets one by rule. */
    readonly issueCodes: boolean;
  }
>;
/** The same file was sent again. A new run follows: it shows whether anything else changed meanwhile. */
export type ImportReceivedAgain = DomainEvent<
  'ImportReceivedAgain',
  { readonly run: number; readonly issueCodes: boolean }
>;
/**
 * A run begins, or goes on after its runner was lost. Fences the runner before it. `retry` redoes
 * the rows that were not accepted or unchanged.
 */
export type ImportRunStarted = DomainEvent<
  'ImportRunStarted',
  {
    readonly run: number;
    readonly runner: string;
    readonly scope: 'all' | 'retry';
  }
>;
/** The first pass over the file ended well: what it is, and how many rows there are to account for. */
export type ImportFileRead = DomainEvent<
  'ImportFileRead',
  {
    readonly run: number;
    readonly layout: string;
    readonly encoding: string;
    readonly delimiter: string;
    readonly decimalMark: string;
    readonly rows: number;
    /** Columns that the layout does not know, as written. */
    readonly ignoredColumns: readonly string[];
  }
>;
/** At most `rowsPerEvent` rows each. */
export type ImportRowsProcessed = DomainEvent<
  'ImportRowsProcessed',
  { readonly run: number; readonly rows: readonly RowOutcome[] }
>;
export type ImportRetryRequested = DomainEvent<'ImportRetryRequested', { readonly run: number }>;
/** Every row is accounted for. `counts` are of all rows as they stand after this run. */
export type ImportCompleted = DomainEvent<
  'ImportCompleted',
  { readonly run: number; readonly rows: number; readonly counts: OutcomeCounts }
>;
export type ImportFailed = DomainEvent<
  'ImportFailed',
  {
    readonly run: number;
    /** Stable, such as `COLUMN_MISSING`. */
    readonly code: string;
    readonly reason: string;
    readonly rowsRead: number;
  }
>;
/**
 * Somebody wants no more of what was asked for so far: `run` is the newest of those runs. The run that is
 * under way ends as cancelled, whatever it comes to meanwhile.
 */
export type ImportCancelRequested = DomainEvent<'ImportCancelRequested', { readonly run: number }>;
/** No row is taken after this. `counts` are of all rows as they stand: what was done stays done. */
export type ImportCancelled = DomainEvent<
  'ImportCancelled',
  { readonly run: number; readonly counts: OutcomeCounts }
>;

export type ImportEvent =
  | ImportReceived
  | ImportReceivedAgain
  | ImportRunStarted
  | ImportFileRead
  | ImportRowsProcessed
  | ImportRetryRequested
  | ImportCompleted
  | ImportFailed
  | ImportCancelRequested
  | ImportCancelled;
