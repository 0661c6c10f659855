import type { CommandMeta } from '#kernel/command.js';

import type { ImportDataOf, NotCompared, RowOutcome } from './events.js';
import type { DecidableKind } from './review/review-kinds.js';

/** A file was spooled: the same content again asks for a new run. */
export class ReceiveImport {
  readonly type = 'ReceiveImport';
  constructor(
    readonly data: ImportDataOf<'ImportReceived'>,
    readonly meta: CommandMeta,
  ) {}
}

/** Redo what was rejected, left for review or never reached. */
export class RetryImport {
  readonly type = 'RetryImport';
  readonly data = {};
  constructor(readonly meta: CommandMeta) {}
}

/** Nothing more of the runs that were asked for so far. */
export class CancelImport {
  readonly type = 'CancelImport';
  readonly data = {};
  constructor(readonly meta: CommandMeta) {}
}

/** What somebody decides of an import: the rows and products that are named, or all of a rule. */
export interface ReviewRequest {
  readonly decision: 'accept' | 'reject';
  readonly rows?: readonly number[] | undefined;
  /** Products that the list no longer names. */
  readonly absent?: readonly string[] | undefined;
  /** Whatever waits and can be decided here. */
  readonly all?: boolean | undefined;
  readonly kind?: DecidableKind | undefined;
  /** As the list writes it; of a rule. */
  readonly manufacturer?: string | undefined;
  /** Items of a rule that are tried at most. */
  readonly limit?: number | undefined;
  /** The item of a rule that was tried last: `next` of an earlier answer. */
  readonly after?: string | undefined;
}

/** Decide what waits for review. Carried out by `decideReview`, which says what was `done`. */
export class DecideReview {
  readonly type = 'DecideReview';
  constructor(
    readonly data: ReviewRequest,
    readonly meta: CommandMeta,
    readonly done: { readonly rows: readonly number[]; readonly absent: readonly string[] } = {
      rows: [],
      absent: [],
    },
  ) {}
}

/** `runner` takes over the requested run, from its start or from where another runner left it. */
export class StartImportRun {
  readonly type = 'StartImportRun';
  constructor(
    readonly data: { readonly runner: string },
    readonly meta: CommandMeta,
  ) {}
}

interface OfRunner {
  readonly run: number;
  readonly runner: string;
}

export class NoteImportFile {
  readonly type = 'NoteImportFile';
  constructor(
    readonly data: OfRunner & Omit<ImportDataOf<'ImportFileRead'>, 'run'>,
    readonly meta: CommandMeta,
  ) {}
}

export class RecordImportRows {
  readonly type = 'RecordImportRows';
  constructor(
    readonly data: OfRunner & { readonly rows: readonly RowOutcome[] },
    readonly meta: CommandMeta,
  ) {}
}

/** What an earlier list names and this one does not; sent for each part of it, the whole again after a crash. */
export class RecordAbsences {
  readonly type = 'RecordAbsences';
  constructor(
    readonly data: OfRunner & Omit<ImportDataOf<'ImportAbsencesFound'>, 'run'>,
    readonly meta: CommandMeta,
  ) {}
}

/**
 * Ends the run: as cancelled where somebody asked for that, as failed where there is a `failure` or the
 * rows do not add up, else as completed.
 */
export class EndImportRun {
  readonly type = 'EndImportRun';
  constructor(
    readonly data: OfRunner & {
      readonly rowsRead: number;
      readonly failure?: { readonly code: string; readonly reason: string };
      readonly notCompared?: NotCompared;
    },
    readonly meta: CommandMeta,
  ) {}
}

export type ImportCommand =
  | ReceiveImport
  | RetryImport
  | CancelImport
  | DecideReview
  | StartImportRun
  | NoteImportFile
  | RecordImportRows
  | RecordAbsences
  | EndImportRun;
