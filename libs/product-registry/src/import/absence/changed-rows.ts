import { type CsvFile, type CsvRow, inspectCsvFile, readRows } from '#csv/csv-file.js';

import { listedNameKeyOf } from '../../codes.js';
import type { NamedRow } from '../compare/compare-lists.js';
import { type ListedRow, listedRowOf } from '../compare/listed-row.js';
import { requireShort } from '../compare/read-list.js';
import { SharedFacts } from '../compare/shared-facts.js';
import { type BatteryColumn, cecBatteries } from '../layouts/cec-batteries.js';
import { namedIn, normaliseBattery } from '../normalise/battery.js';
import { columnsOf } from '../normalise/columns.js';

type BatteryFile = CsvFile<BatteryColumn>;

/** What of two lists is written otherwise. */
export interface ChangedRows {
  /** Rows of the earlier list whose names the later one does not write. */
  readonly before: readonly ListedRow[];
  /** Rows of the later list whose names the earlier one does not write. */
  readonly after: readonly ListedRow[];
  /** Every name of the later list; none where nothing of the earlier one is changed. */
  readonly named: readonly Pick<NamedRow, 'manufacturer' | 'model'>[];
}

/** The cells with a product's name as they stand in the file: most rows of a list are those of the one before. */
const writtenName = ({ cells }: CsvRow<BatteryColumn>): string =>
  `${cells.manufacturer ?? ''}\n${cells.model ?? ''}`;

/**
 * `laterFile` is inspected already. Only these rows are read by the rules of their import. Throws `LIST_TOO_LONG`, `LISTS_TOO_LARGE`, what `inspectCsvFile`
 * throws, and what `signal` is aborted with.
 */
export const changedRows = async (
  earlierPath: string,
  laterFile: CsvFile,
  signal: AbortSignal,
): Promise<ChangedRows> => {
  const later = laterFile as BatteryFile;
  requireShort(later);
  const laterNames = new Set<string>();
  for await (const row of readRows(later, signal)) laterNames.add(writtenName(row));
  const earlier: BatteryFile = await inspectCsvFile(earlierPath, [cecBatteries], { signal });
  requireShort(earlier);
  const facts = new SharedFacts();
  const names = new Set<string>();
  const before: ListedRow[] = [];
  const read = listedRows(earlier, facts);
  for await (const row of readRows(earlier, signal)) {
    const name = writtenName(row);
    names.add(name);
    if (!laterNames.has(name)) before.push(...read(row));
  }
  if (before.length === 0) return { before, after: [], named: [] };
  const after: ListedRow[] = [];
  const named: Pick<NamedRow, 'manufacturer' | 'model'>[] = [];
  const readLater = listedRows(later, facts);
  for await (const row of readRows(later, signal)) {
    named.push(namedIn(row));
    if (!names.has(writtenName(row))) after.push(...readLater(row));
  }
  return { before, after, named };
};

/** A row as it is compared; nothing of one that nobody can read, or that names a product once more. */
const listedRows = (
  file: BatteryFile,
  facts: SharedFacts,
): ((row: CsvRow<BatteryColumn>) => readonly ListedRow[]) => {
  const columns = columnsOf(file);
  const seen = new Set<string>();
  return (row) => {
    const normalised = normaliseBattery(row, columns);
    if ('rejected' in normalised) return [];
    const key = listedNameKeyOf(normalised.facts);
    if (seen.has(key)) return [];
    seen.add(key);
    return [listedRowOf(row.row, normalised.facts, (fact) => facts.share(fact))];
  };
};
