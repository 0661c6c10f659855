import { createReadStream } from 'node:fs';

import { Refusal } from '#kernel/refusal.js';

import { DateCounter, type DateCounts } from './date-shape.js';
import { detectEncoding, type Encoding } from './encoding.js';
import {
  betterHeader,
  type FoundHeader,
  type Header,
  isUnitsRow,
  type Layout,
  layoutUnknown,
  readHeader,
  withUnitsRow,
} from './layout.js';
import { type DecimalMark, NumberCounter, type NumberCounts } from './number-shape.js';
import {
  checkRows,
  type Delimiter,
  delimiters,
  filledCells,
  readRecords,
  type RecordOptions,
} from './records.js';

/** Records at the start of a file among which the header is looked for: titles and notes come first. */
const headerSearch = 64;

/** What a first pass over a file found. */
export interface CsvFile<C extends string = string> {
  readonly path: string;
  readonly encoding: Encoding;
  readonly delimiter: Delimiter;
  readonly header: Header<C>;
  /** Records before the first data record: titles, notes, header, units. */
  readonly leading: number;
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
 * Throws `Refusal` with what was found and what was expected: `EMPTY_FILE`, `NOT_TEXT`,
 * `LAYOUT_UNKNOWN`, `COLUMN_MISSING`, `COLUMN_TWICE`, `UNIT_UNEXPECTED`, `NO_ROWS`, `LIST_TOO_LONG`, and
 * what `readRecords` throws.
 */
export const inspectCsvFile = async <L extends Layout>(
  path: string,
  layouts: readonly L[],
  { maxRows = defaultMaxRows, signal }: InspectOptions = {},
): Promise<CsvFile<keyof L['columns'] & string>> => {
  const encoding = await detectEncoding(bytesOf(path, signal));
  const source = { source: path, encoding, signal };
  const start = await findStart(source, layouts);
  const { header, delimiter, leading } = start;
  const numbers = countersOf(header, 'decimal', () => new NumberCounter());
  const dates = countersOf(header, 'date', () => new DateCounter());
  const counted = [...numbers, ...dates];
  let rows = -leading;
  for await (const record of readRecords({ ...source, delimiter })) {
    rows += 1;
    checkRows(rows, maxRows, 'data rows');
    if (rows < 1) continue;
    for (const { at, counter } of counted) counter.add(record[at] ?? '');
  }
  if (rows <= 0) {
    throw new Refusal('NO_ROWS', 'unprocessable', 'the file has a header row but no row below it');
  }
  return {
    ...{ path, encoding, ...start, rows },
    decimalMark: mostUsed(numbers.map(({ counter }) => counter)),
    numbers: byName(numbers),
    dates: byName(dates),
  };
};

/** For people: what a number of the file is read by is decided column by column. */
const mostUsed = (counts: readonly NumberCounts[]): DecimalMark => {
  const sum = (of: (counts: NumberCounts['shapes']) => number): number =>
    counts.reduce((total, { shapes }) => total + of(shapes), 0);
  const points = sum(({ point, pointOfThree }) => point + pointOfThree);
  const commas = sum(({ comma, commaOfThree }) => comma + commaOfThree);
  return commas > points ? ',' : '.';
};

async function* bytesOf(path: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    signal?.throwIfAborted();
    yield chunk;
  }
}

interface Counted<T> {
  readonly name: string;
  readonly at: number;
  readonly counter: T;
}

const countersOf = <T>(
  { layout, index }: Header,
  kind: 'decimal' | 'date',
  make: () => T,
): readonly Counted<T>[] =>
  Object.entries(layout.columns).flatMap(([name, column]) => {
    const at = index[name];
    return column[kind] && at !== undefined ? [{ name, at, counter: make() }] : [];
  });

const byName = <T, C extends string>(counted: readonly Counted<T>[]): Partial<Record<C, T>> =>
  Object.fromEntries(counted.map(({ name, counter }) => [name, counter])) as Partial<Record<C, T>>;

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

type Source = Pick<RecordOptions, 'source' | 'encoding' | 'signal'>;
type Start<C extends string> = Pick<CsvFile<C>, 'delimiter' | 'header' | 'leading' | 'width'>;

/** Tries each delimiter and keeps the one under which a record names most known columns. */
const findStart = async <L extends Layout>(
  source: Source,
  layouts: readonly L[],
): Promise<Start<keyof L['columns'] & string>> => {
  const tries: Beginning[] = [];
  for (const delimiter of delimiters) {
    tries.push(await beginningOf({ ...source, delimiter }, layouts));
  }
  // The sort is stable: of equals the first delimiter wins.
  tries.sort((a, b) => (b.found?.matches ?? 0) - (a.found?.matches ?? 0));
  const [best] = tries;
  if (!best?.found) throw whyUnreadable(tries) ?? layoutUnknown(layouts, widest(tries).records);
  const { delimiter, records, found } = best;
  const titles = records[found.row] ?? [];
  const named = readHeader(found.layout, titles);
  const below = records[found.row + 1];
  const units = below !== undefined && isUnitsRow(below);
  const header = units ? withUnitsRow(named, below) : named;
  const width = { titled: filledCells(titles), whole: titles.length };
  return { delimiter, header, leading: found.row + (units ? 2 : 1), width };
};

/** The first records of a file as they are under one delimiter. */
interface Beginning {
  readonly delimiter: Delimiter;
  readonly records: readonly (readonly string[])[];
  readonly found: FoundHeader | undefined;
  /** With a wrong delimiter a file may not even parse: what came before is enough to judge it. */
  readonly refusal: Refusal | undefined;
}

const beginningOf = async (
  source: Source & { readonly delimiter: Delimiter },
  layouts: readonly Layout[],
): Promise<Beginning> => {
  const records: (readonly string[])[] = [];
  let found: FoundHeader | undefined;
  let refusal: Refusal | undefined;
  try {
    for await (const record of readRecords({ ...source, limit: headerSearch })) {
      found = betterHeader(layouts, record, records.length, found);
      records.push(record);
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refusal = error;
  }
  return { delimiter: source.delimiter, records, found, refusal };
};

/** Why no header was found, where the file was not read far enough to tell under some delimiter. */
const whyUnreadable = (tries: readonly Beginning[]): Refusal | undefined => {
  const refusals = tries.flatMap(({ refusal }) => refusal ?? []);
  // Under a wrong delimiter whole rows are cells: which ones are too wide says more.
  return refusals.find(({ code }) => code === 'ROW_TOO_WIDE') ?? refusals[0];
};

const widest = (tries: readonly Beginning[]): Beginning =>
  tries.reduce((a, b) => (filledIn(b) > filledIn(a) ? b : a));

const filledIn = ({ records }: Beginning): number => Math.max(0, ...records.map(filledCells));
