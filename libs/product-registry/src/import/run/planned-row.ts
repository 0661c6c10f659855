import type { RowOutcome } from '../events.js';
import type { Layout } from '../reading/layout.js';
import type { ListFile, ListRow } from '../reading/list-file.js';

/** A row that waits to be carried out. Rows of one key are carried out in order. */
export interface PlannedRow {
  readonly key: string;
  /** May be called again after a passing failure. */
  carryOut(): Promise<RowOutcome>;
}

/** Turns rows, one after the other in the file's order, into work. */
export interface RowPlanner {
  /** `isToDo` false: the row was done before; it is only remembered. */
  plan(row: ListRow, isToDo: boolean): PlannedRow | undefined;
}

/** A kind of list that can be imported. */
export interface ListKind<Context> {
  readonly layouts: readonly Layout[];
  planner(file: ListFile, context: Context): RowPlanner;
}
