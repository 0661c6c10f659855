import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';

import { Refusal } from '#kernel/refusal.js';
import type { CellForms } from '#workbook/number-cell.js';
import { Workbook } from '#workbook/workbook.js';

import { DataScan, type UnreadColumn } from './data-scan.js';
import type { DateCounts } from './date-shape.js';
import { findStart, type Start } from './delimited-start.js';
import { detectEncoding, type Encoding, isZip } from './encoding.js';
import type { FileColumn, Header, Layout } from './layout.js';
import type { DecimalMark, NumberCounts } from './number-shape.js';
import { type Delimiter, filledCells, readRecords } from './records.js';
import { type FileSheet, findSheet, sheetRecords } from './workbook-file.js';

/** What a first pass over a file found: over delimited text or over the sheet of a workbook. */
export interface CsvFile<C extends string = string> {
  readonly path: string;
  readonly encoding: Encoding;
  /** '' in a workbook, whose cells nothing delimits. */
  readonly delimiter: Delimiter | '';
  /** Absent in delimited text. */
  readonly sheet?: FileSheet;
  readonly header: Header<C>;
  /** The columns that the layout knows, in the file's order. */
  readonly columns: readonly FileColumn<C>[];
  /** The columns that it does not know, where they hold values. */
  readonly unread: readonly UnreadColumn[];
  /** Records before the first data record: titles, notes, header, units. */
  readonly leading: number;
  /** Texts above the header, in the file's order. */
  readonly notes: readonly string[];
  /** Cells of the header record: up to the last title, and with untitled ones at its end. */
  readonly width: { readonly titled: number; readonly whole: number };
  /** Data records. */
  readonly rows: number;
  readonly decimalMark: DecimalMark;
  /** Of the columns with decimals: what their cells say of their marks. */
  readonly numbers: Readonly<Partial<Record<C, NumberCounts>>>;
  /** Of the columns with dates: what their cells say of the order of day and month. */
  readonly dates: Readonly<Partial<Record<C, DateCounts>>>;
}

/** One data record. `row` counts from 1. A column that the file lacks has no cell; a blank cell is ''. */
export interface CsvRow<C extends string = string> {
  readonly row: number;
  readonly cells: Readonly<Partial<Record<C, string>>>;
  /** Of a workbook: cells whose text does not say both how they are displayed and what is stored. */
  readonly forms?: Readonly<Partial<Record<C, CellForms>>>;
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
 * data records, decimal mark; of a workbook (.xlsx, told by its bytes) which sheet is meant.
 *
 * Throws `Refusal` with what was found and what was expected: `EMPTY_FILE`, `NOT_TEXT`, `OTHER_LIST`,
 * `LAYOUT_UNKNOWN`, `COLUMN_MISSING`, `COLUMN_TWICE`, `UNIT_UNEXPECTED`, `NO_ROWS`, `LIST_TOO_LONG`,
 * what `readRecords` throws, and of a workbook `NO_SHEET` and what `Workbook` throws.
 */
export const inspectCsvFile = async <L extends Layout>(
  path: string,
  layouts: readonly L[],
  { maxRows = defaultMaxRows, signal }: InspectOptions = {},
): Promise<CsvFile<keyof L['columns'] & string>> => {
  const inspect = isZip(await firstBytesOf(path)) ? inspectWorkbook : inspectText;
  return await inspect(path, layouts, { maxRows, signal });
};

type Inspect = (
  path: string,
  layouts: readonly Layout[],
  options: { readonly maxRows: number; readonly signal: AbortSignal | undefined },
) => Promise<CsvFile>;

const inspectText: Inspect = async (path, layouts, { maxRows, signal }) => {
  const encoding = await detectEncoding(bytesOf(path, signal));
  const source = { source: path, encoding, signal };
  const { delimiter, ...start } = await findStart(source, layouts);
  const scan = new DataScan(start, maxRows);
  let toSkip = start.leading;
  for await (const record of readRecords({ ...source, delimiter })) {
    if (toSkip > 0) toSkip -= 1;
    else scan.add(record);
  }
  return { path, encoding, delimiter, ...scanned(start, scan) };
};

const inspectWorkbook: Inspect = async (path, layouts, { maxRows, signal }) => {
  const workbook = await Workbook.open(path, signal);
  try {
    const { sheet, ...start } = await findSheet(workbook, layouts);
    const scan = new DataScan(start, maxRows);
    let toSkip = start.leading;
    for await (const { cells } of sheetRecords(workbook, sheet)) {
      if (toSkip > 0) toSkip -= 1;
      else scan.add(cells);
    }
    return { path, encoding: 'utf-8', delimiter: '', sheet, ...scanned(start, scan) };
  } finally {
    workbook.close();
  }
};

const scanned = (
  { unknown: _, ...start }: Start,
  { rows, decimalMark, numbers, dates, unread }: DataScan,
): Omit<CsvFile, 'path' | 'encoding' | 'delimiter'> => {
  if (rows > 0) return { ...start, unread, rows, decimalMark, numbers, dates };
  throw new Refusal('NO_ROWS', 'unprocessable', 'the file has a header row but no row below it');
};

const firstBytesOf = async (path: string): Promise<Uint8Array> => {
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(4);
    const { bytesRead } = await file.read(buffer, 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
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
  const { path, encoding, delimiter, width, sheet } = file;
  if (sheet) {
    yield* readSheetRows(file, sheet, signal);
    return;
  }
  if (delimiter === '') throw new Error('a text without a delimiter');
  const columns = Object.entries(file.header.index) as [C, number][];
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

async function* readSheetRows<C extends string>(
  file: CsvFile<C>,
  sheet: FileSheet,
  signal: AbortSignal | undefined,
): AsyncGenerator<CsvRow<C>> {
  const { columns, width, leading, header } = file;
  const workbook = await Workbook.open(file.path, signal);
  try {
    let row = -leading;
    for await (const { cells: record, forms: allForms } of sheetRecords(workbook, sheet)) {
      row += 1;
      if (row < 1) continue;
      const cells: Partial<Record<C, string>> = {};
      const forms: Partial<Record<C, CellForms>> = {};
      for (const { name, at } of columns) {
        const found = allForms.get(at);
        if (found) forms[name] = found;
        // Where a text is meant, a number is what its format shows: `00123` is no 123.
        const isText = found?.kind === 'number' && header.layout.columns[name].decimal !== true;
        cells[name] = (isText ? found.displayed : record[at]) ?? '';
      }
      // A sheet has no cells where nothing was written: they are not missing.
      const missing = Array<string>(Math.max(0, width.titled - record.length)).fill('');
      const misshapen = misshape([...record, ...missing], width);
      yield {
        ...{ row, cells },
        ...(Object.keys(forms).length > 0 && { forms }),
        ...(misshapen !== undefined && { misshapen }),
      };
    }
  } finally {
    workbook.close();
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
