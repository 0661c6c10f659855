import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';

import { type Delimiter, readRecords } from '#csv/records.js';
import { quoteLongIntegers } from '#kernel/long-integers.js';
import { Refusal } from '#kernel/refusal.js';

import { requireSeriesName } from '../series/series-name.js';
import type { WrittenRow } from './read-samples.js';

/** Which column of a CSV file is what. */
export interface CsvMapping {
  /** Title of the column of times. */
  readonly time: string;
  /** Title to series; columns that are not named are left out. Absent: each column is a series of its title. */
  readonly columns?: ReadonlyMap<string, string> | undefined;
  /** The series of the one column beside the times, whatever its title is. */
  readonly series?: string | undefined;
  readonly delimiter: Delimiter;
  /** Whether times are numbers. */
  readonly numericTimes: boolean;
}

/** Samples that are handed on at once: the same body always gives the same pieces. */
const pieceSamples = 5_000;
const pieceCells = 100_000;
const maxLineCharacters = 262_144;

type Chunks = AsyncIterable<Uint8Array>;

/** Throws `Refusal`: `CSV_EMPTY`, `COLUMN_MISSING`, `SERIES_AMBIGUOUS`, `SERIES_NAME_INVALID`, `CSV_BROKEN`, and what `readRecords` throws. */
export async function* csvRows(chunks: Chunks, mapping: CsvMapping): AsyncGenerator<WrittenRow> {
  const { delimiter } = mapping;
  let columns: Columns | undefined;
  let row = 0;
  for await (const cells of readRecords({ source: chunks, encoding: 'utf-8', delimiter })) {
    row += 1;
    if (cells.some(isBroken)) throw brokenText(row);
    if (!columns) {
      columns = columnsOf(
        cells.map((title) => title.trim()),
        mapping,
      );
      for (const [, series] of columns.series) requireSeriesName(series, '?columns');
      continue;
    }
    const values: Record<string, string> = {};
    for (const [column, series] of columns.series) values[series] = (cells[column] ?? '').trim();
    yield { t: timeOf((cells[columns.time] ?? '').trim(), mapping), values };
  }
  if (!columns)
    throw new Refusal('CSV_EMPTY', 'unprocessable', 'expected a row of titles, found nothing');
}

/** What stands for bytes that are no UTF-8 once they were read. */
const isBroken = (text: string): boolean => text.includes('\ufffd');

interface Columns {
  readonly time: number;
  readonly series: readonly (readonly [column: number, series: string])[];
}

const columnsOf = (titles: readonly string[], { time, columns, series }: CsvMapping): Columns => {
  const at = (title: string): number => {
    const found = titles.indexOf(title);
    if (found < 0) throw columnMissing(title, titles);
    return found;
  };
  const ofTimes = at(time);
  if (columns) {
    return { time: ofTimes, series: [...columns].map(([title, name]) => [at(title), name]) };
  }
  const others = titles.flatMap((title, column) =>
    column === ofTimes || title === '' ? [] : [[column, title] as const],
  );
  if (series === undefined) return { time: ofTimes, series: others };
  const [only] = others;
  if (!only || others.length > 1) throw seriesAmbiguous(others.length);
  return { time: ofTimes, series: [[only[0], series]] };
};

/** A cell is a number where the unit of times was declared, and there alone. */
const timeOf = (cell: string, { numericTimes }: CsvMapping): string | number =>
  numericTimes && /^\d+(\.\d+)?$/.test(cell) ? Number(cell) : cell;

/** Rows of NDJSON: `{"t": …, "values": {…}}`, or `{"t": …, "value": …}` of one series. */
export async function* jsonRows(
  chunks: Chunks,
  series: string | undefined,
): AsyncGenerator<WrittenRow> {
  let line = 0;
  for await (const text of createInterface({ input: Readable.from(chunks), crlfDelay: Infinity })) {
    line += 1;
    if (text.trim() === '') continue;
    if (isBroken(text)) throw brokenLine(line, utf8Expected);
    yield rowOf(text, line, series);
  }
}

const rowOf = (text: string, line: number, series: string | undefined): WrittenRow => {
  if (text.length > maxLineCharacters)
    throw brokenLine(line, `expected at most ${String(maxLineCharacters)} characters`);
  let row: unknown;
  try {
    row = JSON.parse(quoteLongIntegers(text));
  } catch {
    throw brokenLine(line, 'expected a JSON object');
  }
  const { t, value, values } = (row ?? {}) as Record<string, unknown>;
  if (typeof t !== 'string' && typeof t !== 'number') throw brokenLine(line, 'expected t, a time');
  if (typeof values === 'object' && values !== null && !Array.isArray(values)) {
    return { t, values: values as Record<string, unknown> };
  }
  if (value === undefined) throw brokenLine(line, 'expected values, an object, or value');
  if (series === undefined)
    throw brokenLine(line, 'expected values, or ?series= to say what the value is of');
  return { t, values: { [series]: value } };
};

/** Rows in pieces of some thousand samples. */
export async function* inPieces(
  rows: AsyncIterable<WrittenRow>,
): AsyncGenerator<readonly WrittenRow[]> {
  let piece: WrittenRow[] = [];
  let samples = 0;
  const series = new Set<string>();
  for await (const row of rows) {
    piece.push(row);
    const names = Object.keys(row.values);
    samples += names.length;
    for (const name of names) series.add(name);
    // Rows of few series each are a large table where these are not the same ones.
    if (samples < pieceSamples && series.size * piece.length < pieceCells) continue;
    yield piece;
    [piece, samples] = [[], 0];
    series.clear();
  }
  if (piece.length > 0) yield piece;
}

const columnMissing = (title: string, titles: readonly string[]) =>
  new Refusal(
    'COLUMN_MISSING',
    'unprocessable',
    `expected a column "${title}", found ${titles.slice(0, 20).join(', ')}`,
  );

const seriesAmbiguous = (found: number) =>
  new Refusal(
    'SERIES_AMBIGUOUS',
    'unprocessable',
    `expected one column beside the times for ?series=, found ${String(found)}; name each by ?columns=`,
  );

const utf8Expected = 'expected text in UTF-8';

const brokenText = (row: number) =>
  new Refusal('CSV_BROKEN', 'unprocessable', `row ${String(row)}: ${utf8Expected}`);

const brokenLine = (line: number, expectation: string) =>
  new Refusal('NDJSON_BROKEN', 'unprocessable', `line ${String(line)}: ${expectation}`);
