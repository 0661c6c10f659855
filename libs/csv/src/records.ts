import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';

import { CsvError, parse, type Parser } from 'csv-parse';

import { Refusal } from '#kernel/refusal.js';

import { decodeStream, type Encoding } from './encoding.js';

export const delimiters = [';', ',', '\t', '|'] as const;
export type Delimiter = (typeof delimiters)[number];

/** Bytes of one row in UTF-8; a quote that never closes would otherwise swallow the rest of the file. */
const maxRowBytes = 256 * 1024;
/** Cells of one row, as many as a spreadsheet has. */
const maxCells = 16_384;
/** Filled columns of one row. Spreadsheets add thousands of empty ones at the end, which do not count. */
const maxColumns = 512;
/** Characters of one cell, as many as a spreadsheet's cell holds. */
const maxCellCharacters = 32_767;
/** Blank rows are no rows, but each costs time: as many as a spreadsheet has. */
export const maxBlankRows = 1_048_576;

/** What the parser is given at once, in bytes: a piece of two-byte rows takes it a few milliseconds. */
const pieceBytes = 1024;
/** How long records are handed on in one turn of the event loop, in milliseconds. */
const turnMs = 10;

export interface RecordOptions {
  /** Path of a file, or its bytes as they come. */
  readonly source: string | AsyncIterable<Uint8Array>;
  readonly encoding: Encoding;
  readonly delimiter: Delimiter;
  /** Stop after so many records. */
  readonly limit?: number;
  /** Ends the reading: what it was aborted with is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** A record and the line of the file that it ends on, from 1. */
export interface NumberedRecord {
  readonly cells: readonly string[];
  readonly line: number;
}

/**
 * The records of CSV with all their cells, without blank records. Flat in memory, and no turn
 * of the event loop is held for longer than some milliseconds, whatever the file holds.
 *
 * Stray quotes inside a cell are kept as text. Throws `Refusal` (`unprocessable`): `CSV_BROKEN` where a
 * quoted cell never ends, `ROW_TOO_LONG`, `ROW_TOO_WIDE`, `CELL_TOO_LONG`, `LIST_TOO_LONG` for blank
 * rows. What comes before has been delivered by then.
 */
export async function* readRecords(options: RecordOptions): AsyncGenerator<readonly string[]> {
  for await (const { cells } of readNumberedRecords(options)) yield cells;
}

/** `readRecords`, for who has to say on which line something stands. */
export async function* readNumberedRecords(options: RecordOptions): AsyncGenerator<NumberedRecord> {
  const { limit = Infinity } = options;
  let [delivered, blank] = [0, 0];
  let turnEnds = performance.now() + turnMs;
  for await (const { records, line } of batchesOf(options)) {
    for (const record of records) {
      const { cells } = record;
      if (performance.now() > turnEnds) {
        await turn();
        turnEnds = performance.now() + turnMs;
      }
      const filled = filledCells(cells);
      if (filled === 0) {
        blank += 1;
        checkRows(blank, maxBlankRows, 'blank rows');
        continue;
      }
      checkWidth(cells, filled, line);
      yield record;
      delivered += 1;
      if (delivered === limit) return;
    }
  }
}

interface Batch {
  readonly records: readonly NumberedRecord[];
  /** Where the parser is in the file. */
  readonly line: number;
}

/** Writes the text to csv-parse in small pieces, each in a turn of its own. */
async function* batchesOf({
  source,
  encoding,
  delimiter,
  signal,
}: RecordOptions): AsyncGenerator<Batch> {
  let records: NumberedRecord[] = [];
  const parser = parserOf(delimiter, (cells, line) => records.push({ cells, line }));
  const { info } = parser;
  const batch = (): Batch => {
    const taken = { records, line: info.lines };
    records = [];
    return taken;
  };
  // A row is bounded by the bytes that were taken without ending one: the parser keeps them all.
  let unended = 0;
  // An error of any part ends the text with it, and leaving it early ends every part.
  const bytesIn = typeof source === 'string' ? createReadStream(source) : Readable.from(source);
  const text = pipeline(bytesIn, decodeStream(encoding), () => undefined);
  for await (const chunk of text as AsyncIterable<string | Buffer>) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      signal?.throwIfAborted();
      const ended = info.records + info.empty_lines;
      const piece = bytes.subarray(at, at + pieceBytes);
      parser.write(piece);
      yield batch();
      await turn();
      if (parser.errored) throw asRefusal(parser.errored, info.lines);
      unended = info.records + info.empty_lines > ended ? 0 : unended + piece.length;
      if (unended > maxRowBytes) throw rowTooLong(info.lines);
      checkRows(info.empty_lines, maxBlankRows, 'blank rows');
    }
  }
  parser.end();
  const failure = await finished(parser).then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  yield batch();
  if (failure) throw asRefusal(failure, info.lines);
}

const parserOf = (
  delimiter: Delimiter,
  onRecord: (cells: string[], line: number) => void,
): Parser => {
  const parser = parse({
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    // Taken here, and not from the stream, which takes several times as long.
    on_record: (record: string[], { lines }) => {
      onRecord(record, lines);
      return null;
    },
  });
  expectAnyLength(parser);
  // It is thrown where the piece was given.
  parser.on('error', () => undefined);
  return parser.resume();
};

/**
 * csv-parse makes an error of every record that is not as long as the first one, with a stack and a
 * copy of the record, and drops it where such records are allowed: most of the time that a file of
 * short rows takes. No option prevents it but a record that is as long as expected.
 */
const expectAnyLength = (parser: Parser): void => {
  const { state } = parser as unknown as { state: { record: unknown[] } };
  Object.defineProperty(state, 'expectedRecordLength', {
    get: () => state.record.length,
    set: () => undefined,
  });
};

/** How many cells there are up to the last one that holds something; trimming takes no-break spaces too. */
export const filledCells = (record: readonly string[]): number =>
  record.findLastIndex((cell) => cell.trim() !== '') + 1;

/** Throws `Refusal` `LIST_TOO_LONG`; `what` says which rows, such as "data rows". */
export const checkRows = (rows: number, most: number, what: string): void => {
  if (rows > most) {
    throw refusal(
      'LIST_TOO_LONG',
      `the file has more than ${String(most)} ${what}, which this server takes at most`,
    );
  }
};

/** Throws `Refusal`: `ROW_TOO_WIDE`, `CELL_TOO_LONG`; `counts` says what of the file is counted. */
export const checkWidth = (
  record: readonly string[],
  filled: number,
  line: number,
  counts: 'line' | 'row' = 'line',
): void => {
  const where = (): string => `${counts} ${String(line)}`;
  if (record.length > maxCells) throw tooWide(where(), `${String(record.length)} cells`, maxCells);
  if (filled > maxColumns) throw tooWide(where(), `${String(filled)} filled columns`, maxColumns);
  const at = record.findIndex((cell) => cell.length > maxCellCharacters);
  if (at < 0) return;
  throw refusal(
    'CELL_TOO_LONG',
    `${where()}: cell ${String(at + 1)} has ${String(record[at]?.length)} characters, expected at most ${String(maxCellCharacters)}`,
  );
};

const tooWide = (where: string, found: string, most: number): Refusal =>
  refusal('ROW_TOO_WIDE', `${where}: the row has ${found}, expected at most ${String(most)}`);

const rowTooLong = (line: number): Refusal =>
  refusal(
    'ROW_TOO_LONG',
    `line ${String(line)}: the row is larger than ${String(maxRowBytes)} bytes, which it may be at most; is a closing quote missing?`,
  );

const asRefusal = (error: Error, line: number): Error => {
  if (!(error instanceof CsvError)) return error;
  const why =
    error.code === 'CSV_QUOTE_NOT_CLOSED'
      ? 'a quoted cell that starts in it or before it never ends'
      : `it cannot be read as CSV (${error.code})`;
  return refusal('CSV_BROKEN', `line ${String(line)}: ${why}`);
};

const refusal = (code: string, message: string) => new Refusal(code, 'unprocessable', message);
