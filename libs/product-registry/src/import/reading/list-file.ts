import { createReadStream } from 'node:fs';

import { Refusal } from '#kernel/refusal.js';

import { detectEncoding, type Encoding } from './encoding.js';
import {
  checkUnitsRow,
  findHeader,
  type Header,
  isUnitsRow,
  type Layout,
  readHeader,
  unknownLayout,
} from './layout.js';
import { type Delimiter, delimiters, filledCells, readRecords } from './records.js';

/** Records at the start of a file among which the header is looked for: titles and notes come first. */
const headerSearch = 64;

export type DecimalMark = '.' | ',';

/** Cells of the header record: up to the last title, and with untitled ones at its end. */
export interface HeaderWidth {
  readonly titled: number;
  readonly whole: number;
}

/** What a first pass over a file found. Nothing of a file is imported before this pass has ended well. */
export interface ListFile<C extends string = string> {
  readonly path: string;
  readonly encoding: Encoding;
  readonly delimiter: Delimiter;
  readonly header: Header<C>;
  /** Records before the first data record: titles, notes, header, units. */
  readonly leading: number;
  readonly width: HeaderWidth;
  /** Data records. */
  readonly rows: number;
  readonly decimalMark: DecimalMark;
}

/** One data record. `row` counts from 1. A column that the file lacks has no cell; a blank cell is ''. */
export interface ListRow<C extends string = string> {
  readonly row: number;
  readonly cells: Readonly<Partial<Record<C, string>>>;
  /** Why nobody can tell which cell belongs to which column, such as "3 cells, expected 16". */
  readonly misshapen?: string;
}

/**
 * Reads a file from end to end without importing anything: encoding, delimiter, header, number of
 * data records, decimal mark.
 *
 * Throws `Refusal` with what was found and what was expected: `EMPTY_FILE`, `NOT_TEXT`,
 * `LAYOUT_UNKNOWN`, `COLUMN_MISSING`, `COLUMN_TWICE`, `UNIT_UNEXPECTED`, `CSV_BROKEN`, `NO_ROWS`.
 */
export const inspectListFile = async <L extends Layout>(
  path: string,
  layouts: readonly L[],
): Promise<ListFile<keyof L['columns'] & string>> => {
  const encoding = await detectEncoding(createReadStream(path));
  const start = await findStart(path, encoding, layouts);
  const { header } = start;
  const marks = new DecimalMarks(header);
  let records = 0;
  for await (const record of readRecords({ path, encoding, delimiter: start.delimiter })) {
    records += 1;
    if (records > start.leading) marks.add(record);
  }
  const rows = records - start.leading;
  if (rows <= 0) {
    throw new Refusal('NO_ROWS', 'unprocessable', 'the file has a header row but no row below it');
  }
  return { path, encoding, ...start, rows, decimalMark: marks.most() };
};

/** The data records of an inspected file, in order. */
export async function* readRows<C extends string>(file: ListFile<C>): AsyncGenerator<ListRow<C>> {
  const columns = Object.entries(file.header.index) as [C, number][];
  let record = 0;
  for await (const raw of readRecords(file)) {
    record += 1;
    if (record <= file.leading) continue;
    const cells: Partial<Record<C, string>> = {};
    for (const [name, at] of columns) cells[name] = raw[at] ?? '';
    const misshapen = misshape(raw, file.width);
    yield { row: record - file.leading, cells, ...(misshapen !== undefined && { misshapen }) };
  }
}

/** Cells are missing, or some hold something beyond the header: empty ones beyond it are padding. */
const misshape = (
  record: readonly string[],
  { titled, whole }: HeaderWidth,
): string | undefined => {
  const filled = filledCells(record);
  if (record.length >= titled && filled <= whole) return undefined;
  const cells = record.length < titled ? record.length : filled;
  return `${String(cells)} ${cells === 1 ? 'cell' : 'cells'}, expected ${String(titled)}`;
};

interface Start<C extends string> {
  readonly delimiter: Delimiter;
  readonly header: Header<C>;
  readonly leading: number;
  readonly width: HeaderWidth;
}

/** Tries each delimiter and keeps the one under which a record names most known columns. */
const findStart = async <L extends Layout>(
  path: string,
  encoding: Encoding,
  layouts: readonly L[],
): Promise<Start<keyof L['columns'] & string>> => {
  const tries = [];
  for (const delimiter of delimiters) {
    const records = await firstRecords(path, encoding, delimiter);
    tries.push({ delimiter, records, found: findHeader(layouts, records) });
  }
  // The sort is stable: of equals the first delimiter wins.
  tries.sort((a, b) => (b.found?.matches ?? 0) - (a.found?.matches ?? 0));
  const [best] = tries;
  if (!best?.found) {
    const shown = tries.reduce((a, b) => (widest(b.records) > widest(a.records) ? b : a));
    throw unknownLayout(layouts, shown.records);
  }
  const { layout, row } = best.found;
  const titles = best.records[row] ?? [];
  const header = readHeader(layout, titles);
  const width = { titled: filledCells(titles), whole: titles.length };
  const below = best.records[row + 1];
  const units = below !== undefined && isUnitsRow(below);
  if (units) checkUnitsRow(header, below);
  return { delimiter: best.delimiter, header, leading: row + (units ? 2 : 1), width };
};

const widest = (records: readonly (readonly string[])[]): number =>
  Math.max(0, ...records.map(filledCells));

/** With a wrong delimiter a file may not even parse: what came before the fault is enough to judge it. */
const firstRecords = async (
  path: string,
  encoding: Encoding,
  delimiter: Delimiter,
): Promise<(readonly string[])[]> => {
  const records: (readonly string[])[] = [];
  try {
    for await (const record of readRecords({ path, encoding, delimiter, limit: headerSearch })) {
      records.push(record);
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  return records;
};

/** Which mark the numbers of a file are written with. */
class DecimalMarks {
  private readonly at: readonly number[];
  private points = 0;
  private commas = 0;

  constructor({ layout, index }: Header) {
    this.at = Object.entries(layout.columns)
      .filter(([, column]) => column.decimal)
      .map(([name]) => index[name])
      .filter((at) => at !== undefined);
  }

  add(record: readonly string[]): void {
    for (const at of this.at) {
      const cell = record[at]?.trim() ?? '';
      if (/^[-+]?\d*\.\d+$/.test(cell)) this.points += 1;
      else if (/^[-+]?\d*,\d+$/.test(cell)) this.commas += 1;
    }
  }

  most(): DecimalMark {
    return this.commas > this.points ? ',' : '.';
  }
}
