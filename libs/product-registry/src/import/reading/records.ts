import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
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
const maxBlankRows = 1_048_576;

/** What the parser is given at once, in bytes: a piece of two-byte rows takes it a few milliseconds. */
const pieceBytes = 1024;
/** How long records are handed on in one turn of the event loop, in milliseconds. */
const turnMs = 10;

export interface RecordOptions {
  readonly path: string;
  readonly encoding: Encoding;
  readonly delimiter: Delimiter;
  /** Stop after so many records. */
  readonly limit?: number;
  /** Ends the reading: what it was aborted with is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The records of a CSV file with all their cells, without blank records. Flat in memory, and no turn
 * of the event loop is held for longer than some milliseconds, whatever the file holds.
 *
 * Stray quotes inside a cell are kept as text. Throws `Refusal` (`unprocessable`): `CSV_BROKEN` where a
 * quoted cell never ends, `ROW_TOO_LONG`, `ROW_TOO_WIDE`, `CELL_TOO_LONG`, `LIST_TOO_LONG` for blank
 * rows. What comes before has been delivered by then.
 */
export async function* readRecords({
  path,
  encoding,
  delimiter,
  limit = Infinity,
  signal,
}: RecordOptions): AsyncGenerator<readonly string[]> {
  const parser = new RecordParser(delimiter);
  let delivered = 0;
  let blank = 0;
  let turnEnds = performance.now() + turnMs;
  for await (const records of parser.batches(textOf(path, encoding), signal)) {
    for (const record of records) {
      if (performance.now() > turnEnds) {
        await turn();
        turnEnds = performance.now() + turnMs;
      }
      const filled = filledCells(record);
      if (filled === 0) {
        blank += 1;
        checkBlankRows(blank);
        continue;
      }
      checkWidth(record, filled, parser.line);
      yield record;
      delivered += 1;
      if (delivered === limit) return;
    }
  }
}

/** An error of any part ends the text with it, and leaving it early ends every part. */
const textOf = (path: string, encoding: Encoding): AsyncIterable<string | Buffer> =>
  pipeline(createReadStream(path), decodeStream(encoding), () => undefined);

/** Feeds text to csv-parse in small pieces, each in a turn of its own. */
class RecordParser {
  private records: string[][] = [];
  private readonly parser: Parser;

  constructor(delimiter: Delimiter) {
    this.parser = parse({
      delimiter,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      // Taken here, and not from the stream, which takes several times as long.
      on_record: (record: string[]) => {
        this.records.push(record);
        return null;
      },
    });
    expectAnyLength(this.parser);
    // It is thrown where the piece was given.
    this.parser.on('error', () => undefined);
    this.parser.resume();
  }

  /** Where the parser is in the file. */
  get line(): number {
    return this.parser.info.lines;
  }

  async *batches(
    text: AsyncIterable<string | Buffer>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly string[][]> {
    // A row is bounded by the bytes that were taken without ending one: the parser keeps them all.
    let unended = 0;
    for await (const chunk of text) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        signal?.throwIfAborted();
        const ended = this.ended;
        const piece = bytes.subarray(at, at + pieceBytes);
        this.parser.write(piece);
        yield this.taken();
        await turn();
        if (this.parser.errored) throw this.broken(this.parser.errored);
        unended = this.ended > ended ? 0 : unended + piece.length;
        if (unended > maxRowBytes) throw rowTooLong(this.line);
        checkBlankRows(this.parser.info.empty_lines);
      }
    }
    this.parser.end();
    const failure = await finished(this.parser).then(
      () => undefined,
      (error: unknown) => this.broken(error as Error),
    );
    yield this.taken();
    if (failure !== undefined) throw failure;
  }

  private get ended(): number {
    return this.parser.info.records + this.parser.info.empty_lines;
  }

  private taken(): readonly string[][] {
    const { records } = this;
    this.records = [];
    return records;
  }

  private broken(error: Error): Error {
    return error instanceof CsvError ? csvBroken(error, this.line) : error;
  }
}

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

/** Trimming takes no-break spaces too: a row of them is a blank row. */
const isBlank = (cell: string): boolean => cell.trim() === '';

/** How many cells there are up to the last one that holds something. */
export const filledCells = (record: readonly string[]): number => {
  let end = record.length;
  while (end > 0 && isBlank(record[end - 1] ?? '')) end -= 1;
  return end;
};

const checkWidth = (record: readonly string[], filled: number, line: number): void => {
  if (record.length > maxCells) throw tooWide(line, `${String(record.length)} cells`, maxCells);
  if (filled > maxColumns) throw tooWide(line, `${String(filled)} filled columns`, maxColumns);
  for (let at = 0; at < filled; at += 1) {
    const characters = record[at]?.length ?? 0;
    if (characters > maxCellCharacters) throw cellTooLong(line, at + 1, characters);
  }
};

const checkBlankRows = (blank: number): void => {
  if (blank > maxBlankRows) throw listTooLong('blank rows', maxBlankRows);
};

/** `rows` says which ones, such as "data rows". */
export const listTooLong = (rows: string, most: number): Refusal =>
  new Refusal(
    'LIST_TOO_LONG',
    'unprocessable',
    `the list has more than ${String(most)} ${rows}, which this server takes at most`,
  );

const rowTooLong = (line: number): Refusal =>
  new Refusal(
    'ROW_TOO_LONG',
    'unprocessable',
    `line ${String(line)}: the row is larger than ${String(maxRowBytes)} bytes, which it may be at most; is a closing quote missing?`,
  );

const tooWide = (line: number, found: string, most: number): Refusal =>
  new Refusal(
    'ROW_TOO_WIDE',
    'unprocessable',
    `line ${String(line)}: the row has ${found}, expected at most ${String(most)}`,
  );

const cellTooLong = (line: number, cell: number, characters: number): Refusal =>
  new Refusal(
    'CELL_TOO_LONG',
    'unprocessable',
    `line ${String(line)}: cell ${String(cell)} has ${String(characters)} characters, expected at most ${String(maxCellCharacters)}`,
  );

const csvBroken = (error: CsvError, line: number): Refusal => {
  const why =
    error.code === 'CSV_QUOTE_NOT_CLOSED'
      ? 'a quoted cell that starts in it or before it never ends'
      : `it cannot be read as CSV (${error.code})`;
  return new Refusal('CSV_BROKEN', 'unprocessable', `line ${String(line)}: ${why}`);
};
