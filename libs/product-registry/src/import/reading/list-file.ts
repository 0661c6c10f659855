import { createReadStream } from 'node:fs';

import { Refusal } from '#kernel/refusal.js';

import { detectEncoding, type Encoding } from './encoding.js';
import {
  checkUnitsRow,
  type FoundHeader,
  type Header,
  HeaderSearch,
  isUnitsRow,
  type Layout,
  readHeader,
  unknownLayout,
} from './layout.js';
import {
  type Delimiter,
  delimiters,
  filledCells,
  listTooLong,
  readRecords,
  type RecordOptions,
} from './records.js';

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

/** Data records that are taken at most, unless set otherwise: their outcomes take a small server hours. */
export const defaultMaxRows = 1_000_000;

export interface InspectOptions {
  /** Data records that are taken at most. */
  readonly maxRows?: number | undefined;
  /** Ends the reading: what it was aborted with is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a file from end to end without importing anything: encoding, delimiter, header, number of
 * data records, decimal mark.
 *
 * Throws `Refusal` with what was found and what was expected: `EMPTY_FILE`, `NOT_TEXT`,
 * `LAYOUT_UNKNOWN`, `COLUMN_MISSING`, `COLUMN_TWICE`, `UNIT_UNEXPECTED`, `NO_ROWS`, `LIST_TOO_LONG`, and
 * what `readRecords` throws.
 */
export const inspectListFile = async <L extends Layout>(
  path: string,
  layouts: readonly L[],
  { maxRows = defaultMaxRows, signal }: InspectOptions = {},
): Promise<ListFile<keyof L['columns'] & string>> => {
  const encoding = await detectEncoding(bytesOf(path, signal));
  const start = await findStart({ path, encoding, signal }, layouts);
  const { header, delimiter, leading } = start;
  const marks = new DecimalMarks(header);
  let records = 0;
  for await (const record of readRecords({ path, encoding, delimiter, signal })) {
    records += 1;
    if (records - leading > maxRows) throw listTooLong('data rows', maxRows);
    if (records > leading) marks.add(record);
  }
  const rows = records - start.leading;
  if (rows <= 0) {
    throw new Refusal('NO_ROWS', 'unprocessable', 'the file has a header row but no row below it');
  }
  return { path, encoding, ...start, rows, decimalMark: marks.most() };
};

async function* bytesOf(path: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    signal?.throwIfAborted();
    yield chunk;
  }
}

/** The data records of an inspected file, in order. Throws what `signal` is aborted with. */
export async function* readRows<C extends string>(
  file: ListFile<C>,
  signal?: AbortSignal,
): AsyncGenerator<ListRow<C>> {
  const columns = Object.entries(file.header.index) as [C, number][];
  const { path, encoding, delimiter } = file;
  let record = 0;
  for await (const raw of readRecords({ path, encoding, delimiter, signal })) {
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

type Source = Pick<RecordOptions, 'path' | 'encoding' | 'signal'>;

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
  if (!best?.found) throw unreadable(tries) ?? unknownLayout(layouts, widest(tries).records);
  const { layout, row } = best.found;
  const titles = best.records[row] ?? [];
  const header = readHeader(layout, titles);
  const width = { titled: filledCells(titles), whole: titles.length };
  const below = best.records[row + 1];
  const units = below !== undefined && isUnitsRow(below);
  if (units) checkUnitsRow(header, below);
  return { delimiter: best.delimiter, header, leading: row + (units ? 2 : 1), width };
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
  source: Source & Pick<RecordOptions, 'delimiter'>,
  layouts: readonly Layout[],
): Promise<Beginning> => {
  const records: (readonly string[])[] = [];
  const search = new HeaderSearch(layouts);
  let refusal: Refusal | undefined;
  try {
    for await (const record of readRecords({ ...source, limit: headerSearch })) {
      records.push(record);
      search.add(record);
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refusal = error;
  }
  return { delimiter: source.delimiter, records, found: search.best, refusal };
};

/** Why no header was found, where the file was not read far enough to tell under some delimiter. */
const unreadable = (tries: readonly Beginning[]): Refusal | undefined => {
  const refusals = tries.flatMap(({ refusal }) => refusal ?? []);
  // Under a wrong delimiter whole rows are cells: which ones are too wide says more.
  return refusals.find(({ code }) => code === 'ROW_TOO_WIDE') ?? refusals[0];
};

const widest = (tries: readonly Beginning[]): Beginning =>
  tries.reduce((a, b) => (width(b) > width(a) ? b : a));

const width = ({ records }: Beginning): number => Math.max(0, ...records.map(filledCells));

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
