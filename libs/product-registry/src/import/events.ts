import type { DomainEvent } from '#kernel/event.js';

// The names below are the storage format.

export const importCategory = 'import';
export const importStream = (id: string): string => `${importCategory}-${id}`;

export type ImportKind = 'products' | 'manufacturers';

/** `row` counts data records from 1, in the file's order. */
export interface RowOutcome {
  readonly row: number;
  readonly outcome: 'accepted' | 'unchanged' | 'rejected' | 'needsReview';
  readonly productId?: string;
  readonly problems?: readonly RowProblem[];
}

export interface RowProblem {
  readonly column: string;
  readonly reason: string;
  readonly raw: string;
}

export interface OutcomeCounts {
  readonly accepted: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly needsReview: number;
}

/** The file lies in the evidence folder under its hash before this is appended. */
export type ImportReceived = DomainEvent<
  'ImportReceived',
  {
    readonly kind: ImportKind;
    readonly sha256: string;
    readonly bytes: number;
    readonly file: string | null;
    readonly mappingVersion: number;
    readonly issueCodes: boolean;
  }
>;
/** The same file was sent again. A new run follows: it shows whether anything else changed meanwhile. */
export type ImportReceivedAgain = DomainEvent<'ImportReceivedAgain', { readonly run: number }>;
/** A run begins, or goes on after its runner was lost. Fences the runner before it. */
export type ImportRunStarted = DomainEvent<
  'ImportRunStarted',
  {
    readonly run: number;
    readonly runner: string;
    readonly scope: 'all' | 'retry';
  }
>;
/** At most 500 rows each. */
export type ImportRowsProcessed = DomainEvent<
  'ImportRowsProcessed',
  { readonly run: number; readonly rows: readonly RowOutcome[] }
>;
export type ImportRetryRequested = DomainEvent<'ImportRetryRequested', { readonly run: number }>;
export type ImportCompleted = DomainEvent<
  'ImportCompleted',
  { readonly run: number; readonly rows: number; readonly counts: OutcomeCounts }
>;
export type ImportFailed = DomainEvent<
  'ImportFailed',
  { readonly run: number; readonly reason: string; readonly rowsRead: number }
>;

export type ImportEvent =
  | ImportReceived
  | ImportReceivedAgain
  | ImportRunStarted
  | ImportRowsProcessed
  | ImportRetryRequested
  | ImportCompleted
  | ImportFailed;
