import type { CsvFile, CsvRow } from '#csv/csv-file.js';
import type { Layout } from '#csv/layout.js';
import type { StoredEvent } from '#event-log/event-log.js';
import type { CommandMeta } from '#kernel/command.js';
import type { Change } from '#kernel/differences.js';
import type { Actor, Evidence } from '#kernel/event.js';
import { commandIdOf } from '#kernel/ids.js';

import type { ProductRegistry } from '../../registry.js';
import type { RowOutcome, RowProblem } from '../events.js';
import type { RegisteredNames } from './registered-names.js';

/** A kind of list that can be imported, row by row, or previewed. */
export interface ListKind {
  readonly layouts: readonly Layout[];
  /** Of the streams that its rows change. */
  readonly category: string;
  /** The planner is called with the rows one after the other, in the file's order. */
  readonly planner: (file: CsvFile, context: RunContext) => RowPlanner;
  /** What the events of one stream change after those before; one change for a new stream. */
  readonly changes: (
    before: readonly StoredEvent[],
    appended: readonly StoredEvent[],
  ) => readonly Change[];
}

/** `isToDo` false: the row was done before; it is only remembered. */
export type RowPlanner = (row: CsvRow, isToDo: boolean) => PlannedRow | undefined;

/** A row that waits to be carried out. Rows of one key are carried out in order. */
export interface PlannedRow {
  readonly key: string;
  /** What the row calls the thing that it is about. */
  readonly name: string;
  /** May be called again after a passing failure. On a dry run of a registry it is a preview. */
  readonly carryOut: (registry: ProductRegistry) => Promise<RowOutcome>;
}

/** A row that is done without the registry. */
export const doneRow = (
  row: number,
  outcome: RowOutcome['outcome'],
  problems: readonly RowProblem[],
): PlannedRow => ({
  key: '',
  name: '',
  carryOut: () => Promise.resolve({ row, outcome, problems }),
});

/** Who asked for a run, and when: the metadata of the event that did. */
export interface RunRequest {
  readonly actor: Actor;
  readonly occurredAt: string;
  readonly correlationId: string;
  /** Id of that event. */
  readonly causationId: string;
  readonly reason: string | undefined;
}

/** What every row of a run has in common. */
export interface RunContext {
  readonly registry: ProductRegistry;
  readonly importId: string;
  readonly run: number;
  readonly sha256: string;
  /** The file's name, where the sender gave one. */
  readonly file: string | null;
  /** Of a workbook: the sheet that is read. */
  readonly sheet: string | null;
  readonly issueCodes: boolean;
  /** The list's own date, where it is known. */
  readonly asOf: string | null;
  readonly request: RunRequest;
  /** What is registered and looks alike. */
  readonly registered: RegisteredNames;
  /** Aborted when nobody wants the rest of the file any more. */
  readonly signal: AbortSignal;
  /** Called before anything is written for a row; rejects where the run went to another process. */
  readonly ensureHeld: () => Promise<void>;
}

/**
 * The metadata of the command that a row leads to. Whatever happens to the runner, the same row of the
 * same run is the same command; in a later run it is another one. `step` tells several of a row apart;
 * `cells` are those of a workbook whose values do not say how they stand in it.
 */
export const rowMeta = (
  context: RunContext,
  row: number,
  step = '',
  cells?: Evidence['cells'],
): CommandMeta => {
  const { importId, run, sha256, file, sheet, request } = context;
  return {
    commandId: commandIdOf(importId, 'import', `${String(run)}/${String(row)}${step}`),
    actor: request.actor,
    source: 'import',
    occurredAt: request.occurredAt,
    correlationId: request.correlationId,
    causationId: request.causationId,
    reason: request.reason ?? `import of ${file ?? `file ${sha256.slice(0, 12)}`}`,
    evidence: {
      sha256,
      ...(file !== null && { file }),
      ...(sheet !== null && { sheet }),
      row,
      ...(cells && { cells }),
    },
  };
};
