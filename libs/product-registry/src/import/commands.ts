import type { CommandMeta } from '#kernel/command.js';

import type { ImportDataOf, NotCompared, RowOutcome } from './events.js';

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
  | StartImportRun
  | NoteImportFile
  | RecordImportRows
  | RecordAbsences
  | EndImportRun;
