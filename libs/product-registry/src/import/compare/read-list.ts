import { type CsvFile, inspectCsvFile, readRows } from '#csv/csv-file.js';
import { Refusal } from '#kernel/refusal.js';

import { listedNameKeyOf } from '../../codes.js';
import { type BatteryColumn, cecBatteries } from '../layouts/cec-batteries.js';
import { normaliseBattery } from '../normalise/battery.js';
import { columnsOf } from '../normalise/columns.js';
import { FirstMentions } from '../plan/first-mentions.js';
import { type ListedRow, listedRowOf } from './listed-row.js';
import type { SharedFacts } from './shared-facts.js';

/** A list as it is compared. */
export interface ReadList {
  /** Data rows of the file. */
  readonly total: number;
  readonly rows: readonly ListedRow[];
  /** Rows that nobody can read: see the outcome of their import. */
  readonly unread: number;
  /** Rows of which a cell was left out or kept raw: what nobody can read is not compared. */
  readonly flagged: number;
  /** Rows that name a product once more: the first one of each is compared. */
  readonly repeated: number;
}

/** Rows of a list that are compared at most. */
export const maxComparedRows = 50_000;

/**
 * Reads a kept list by the rules of its import. Throws what `inspectCsvFile` throws, `LIST_TOO_LONG` over
 * `maxComparedRows`, what `facts` refuses, and what `signal` is aborted with.
 */
export const readList = async (
  path: string,
  facts: SharedFacts,
  signal: AbortSignal,
): Promise<ReadList> => {
  const file: CsvFile<BatteryColumn> = await inspectCsvFile(path, [cecBatteries], { signal });
  requireShort(file);
  const columns = columnsOf(file);
  const mentions = new FirstMentions(file.rows);
  const rows: ListedRow[] = [];
  let [unread, flagged, repeated] = [0, 0, 0];
  for await (const row of readRows(file, signal)) {
    const normalised = normaliseBattery(row, columns);
    if ('rejected' in normalised) {
      unread += 1;
      continue;
    }
    if (normalised.problems.length > 0) flagged += 1;
    if (mentions.note(listedNameKeyOf(normalised.facts), row.row, '')) repeated += 1;
    else rows.push(listedRowOf(row.row, normalised.facts, (fact) => facts.share(fact)));
  }
  return { total: file.rows, rows, unread, flagged, repeated };
};

/** Throws `LIST_TOO_LONG`. */
export const requireShort = ({ rows }: Pick<CsvFile, 'rows'>): void => {
  if (rows > maxComparedRows) throw tooLong(rows);
};

const tooLong = (rows: number) =>
  new Refusal(
    'LIST_TOO_LONG',
    'unprocessable',
    `the list has ${String(rows)} data rows; lists of at most ${String(maxComparedRows)} are compared`,
  );
