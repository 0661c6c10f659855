import type { RowOutcome } from '../events.js';
import type { ListRow } from '../reading/list-file.js';

/** One value that an import would change. */
export interface PreviewedChange {
  readonly row: number;
  /** The product's or manufacturer's id; null where it would be registered. */
  readonly id: string | null;
  readonly name: string;
  /** JSON pointer into the document; '' stands for the whole of a new one. */
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** What a row would lead to. */
export interface Previewed {
  readonly outcome: RowOutcome;
  readonly changes: readonly PreviewedChange[];
}

/** Called row after row in the file's order; what it returns may be called at any time later. */
export type Look = (row: ListRow) => () => Promise<Previewed>;

/** For a row that nothing has to be looked up for. */
export const settledLook = (outcome: RowOutcome) => (): Promise<Previewed> =>
  Promise.resolve({ outcome, changes: [] });
