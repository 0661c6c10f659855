import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';

import { CsvError, parse } from 'csv-parse';

import { Refusal } from '#kernel/refusal.js';

import { decodeStream, type Encoding } from './encoding.js';

export const delimiters = [';', ',', '\t', '|'] as const;
export type Delimiter = (typeof delimiters)[number];

/** Characters in one record; a quote that never closes would otherwise swallow the rest of the file. */
const maxRecordSize = 256 * 1024;
/** Filled columns of one record. Spreadsheets add thousands of empty ones at the end, which do not count. */
const maxColumns = 512;

export interface RecordOptions {
  readonly path: string;
  readonly encoding: Encoding;
  readonly delimiter: Delimiter;
  /** Stop after so many records. */
  readonly limit?: number;
}

/**
 * The records of a CSV file with all their cells, without blank records. Flat in memory.
 *
 * Stray quotes inside a cell are kept as text. Throws `Refusal` `CSV_BROKEN` where a quoted cell never
 * ends or a record is too large; what comes before has been delivered by then.
 */
export async function* readRecords(options: RecordOptions): AsyncGenerator<readonly string[]> {
  const parser = parse({
    delimiter: options.delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: maxRecordSize,
  });
  // An error of any part ends the parser with it, and leaving the loop early ends every part.
  pipeline(createReadStream(options.path), decodeStream(options.encoding), parser, () => undefined);
  let delivered = 0;
  try {
    for await (const record of parser as AsyncIterable<string[]>) {
      const filled = filledCells(record);
      if (filled === 0) continue;
      if (filled > maxColumns) throw tooManyColumns(parser.info.lines, filled);
      yield record;
      delivered += 1;
      if (delivered === options.limit) return;
    }
  } catch (error) {
    throw error instanceof CsvError ? broken(error, parser.info.lines) : error;
  }
}

/** Trimming takes no-break spaces too: a row of them is a blank row. */
const isBlank = (cell: string): boolean => cell.trim() === '';

/** How many cells there are up to the last one that holds something. */
export const filledCells = (record: readonly string[]): number => {
  let end = record.length;
  while (end > 0 && isBlank(record[end - 1] ?? '')) end -= 1;
  return end;
};

const broken = (error: CsvError, line: number): Refusal => {
  const why =
    error.code === 'CSV_QUOTE_NOT_CLOSED'
      ? 'a quoted cell that starts in it or before it never ends'
      : error.code === 'CSV_MAX_RECORD_SIZE'
        ? `one record is larger than ${String(maxRecordSize)} characters; is a closing quote missing?`
        : `it cannot be read as CSV (${error.code})`;
  return new Refusal('CSV_BROKEN', 'unprocessable', `line ${String(line)}: ${why}`);
};

const tooManyColumns = (line: number, columns: number) =>
  new Refusal(
    'CSV_BROKEN',
    'unprocessable',
    `line ${String(line)}: ${String(columns)} columns, expected at most ${String(maxColumns)}`,
  );
