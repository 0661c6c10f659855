import { createReadStream } from 'node:fs';

import { Refusal } from '#kernel/refusal.js';

import { DataScan, type DecimalMark, type UnreadColumn } from './data-scan.js';
import { findStart } from './delimited-start.js';
import { detectEncoding, type Encoding } from './encoding.js';
import type { FileColumn, Header, Layout } from './layout.js';
import { type Delimiter, filledCells, readRecords } from './records.js';

export type { DecimalMark } from './data-scan.js';

/** What a first pass over a file found. */
export interface CsvFile<C extends string = string> {
  readonly path: string;
  readonly encoding: Encoding;
  readonly delimiter: Delimiter;
  readonly header: Header<C>;
  /** The columns that the layout knows, in the file's order. */
  readonly columns: readonly FileColumn<C>[];
  /** The columns that it does not know, where they hold values. */
  readonly unread: readonly UnreadColumn[];
  /** Records before the first data record: titles, notes, header, units. */
  readonly leading: number;
  /** Cells of the header record: up to the last title, and with untitled ones at its end. */
  readonly width: { readonly titled: number; readonly whole: number };
  /** Data records. */
  readonly rows: number;
  readonly decimalMark: DecimalMark;
}

/** One data record. `row` counts from 1. A column that the file lacks has no cell; a blank cell is ''. */
export interface CsvRow<C extends string = string> {
  readonly row: number;
  readonly cells: Readonly<Partial<Record<C, string>>>;
  /** Why nobody can tell which cell belongs to which column, such as "3 cells, expected 16". */
  readonly misshapen?: string;
}

/** Data records that are taken at most, unless set otherwise. */
export const defaultMaxRows = 1_000_000;

export interface InspectOptions {
  /** Data records that are taken at most. */
  readonly maxRows?: number | undefined;
  /** Ends the reading: what it was aborted with is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a file from end to end before anything of it is used: encoding, delimiter, header, number of
 * data records, decimal mark.
 *
 * Throws `Refusal` with what was found and what was expected: `EMPTY_FILE`, `NOT_TEXT`, `OTHER_LIST`,
 * `LAYOUT_UNKNOWN`, `COLUMN_MISSING`, `COLUMN_TWICE`, `UNIT_UNEXPECTED`, `NO_ROWS`, `LIST_TOO_LONG`, and
 * what `readRecords` throws.
 */
export const inspectCsvFile = async <L extends Layout>(
  path: string,
  layouts: readonly L[],
  { maxRows = defaultMaxRows, signal }: InspectOptions = {},
): Promise<CsvFile<keyof L['columns'] & string>> => {
  type C = keyof L['columns'] & string;
  const encoding = await detectEncoding(bytesOf(path, signal));
  const source = { source: path, encoding, signal };
  const { unknown, ...start } = await findStart(source, layouts);
  const scan = new DataScan({ ...start, unknown }, maxRows);
  let toSkip = start.leading;
  for await (const record of readRecords({ ...source, delimiter: start.delimiter })) {
    if (toSkip > 0) toSkip -= 1;
    else scan.add(record);
  }
  if (scan.rows === 0) {
    throw new Refusal('NO_ROWS', 'unprocessable', 'the file has a header row but no row below it');
  }
  const { rows, decimalMark, unread } = scan;
  const columns = start.columns as readonly FileColumn<C>[];
  return { path, encoding, ...start, columns, unread, rows, decimalMark };
};

async function* bytesOf(path: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    signal?.throwIfAborted();
    yield chunk;
  }
}

/** The data records of an inspected file, in order. Throws what `signal` is aborted with. */
export async function* readRows<C extends string>(
  file: CsvFile<C>,
  signal?: AbortSignal,
): AsyncGenerator<CsvRow<C>> {
  const columns = Object.entries(file.header.index) as [C, number][];
  const { path, encoding, delimiter, width } = file;
  let row = -file.leading;
  for await (const record of readRecords({ source: path, encoding, delimiter, signal })) {
    row += 1;
    if (row < 1) continue;
    const cells: Partial<Record<C, string>> = {};
    for (const [name, at] of columns) cells[name] = record[at] ?? '';
    const misshapen = misshape(record, width);
    yield { row, cells, ...(misshapen !== undefined && { misshapen }) };
  }
}

/** Cells are missing, or some hold something beyond the header: empty ones beyond it are padding. */
export const misshape = (
  record: readonly string[],
  { titled, whole }: CsvFile['width'],
): string | undefined => {
  const filled = filledCells(record);
  if (record.length >= titled && filled <= whole) return undefined;
  const cells = record.length < titled ? record.length : filled;
  return `${String(cells)} ${cells === 1 ? 'cell' : 'cells'}, expected ${String(titled)}`;
};
