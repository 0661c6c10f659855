import { Readable } from 'node:stream';

import type { FastifyReply } from 'fastify';

export type Cell = string | number | bigint | boolean | Date | null | undefined;

/** A column of an export. A measured value carries its unit in the name: `energy_capacity_kwh`. */
export interface Column<T> {
  readonly name: string;
  readonly value: (row: T) => Cell;
}

export type ExportFormat = 'csv' | 'ndjson';

const contentTypes: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
};

/** Rows are sent in chunks of about this many characters. */
const chunkLength = 16 * 1024;

const cellText = (cell: Cell): string => {
  if (cell === null || cell === undefined) return '';
  return cell instanceof Date ? cell.toISOString() : String(cell);
};

/** How texts are written for whoever opens a file with a spreadsheet. */
export interface CsvOptions {
  /** Texts as they are, also where a spreadsheet would run them as a formula. */
  readonly raw?: boolean | undefined;
  /** The file begins with a byte order mark, by which spreadsheets know UTF-8. */
  readonly bom?: boolean | undefined;
}

const byteOrderMark = '\uFEFF';

/** What a spreadsheet runs, or may come to: OWASP's list for CSV injection, in their wide forms and behind white space, too. */
const runs = /^[\t\r\n]|^\s*[=+\-@＝＋－＠]/;
const number = /^[-+]?\d+(\.\d+)?([eE][-+]?\d+)?$/;

/** The text behind an apostrophe where a spreadsheet would run it; a number stays one. */
const defused = (text: string): string =>
  runs.test(text) && !number.test(text.trim()) ? `'${text}` : text;

/**
 * One record of RFC 4180, with CRLF. A text that a spreadsheet would run as a formula stands behind an
 * apostrophe, unless it is wanted `raw`; numbers stay as they are.
 */
export const csvRecord = (cells: readonly Cell[], { raw = false }: CsvOptions = {}): string => {
  const text = (cell: Cell): string =>
    typeof cell === 'string' && !raw ? defused(cell) : cellText(cell);
  return `${cells.map((cell) => quoted(text(cell))).join(',')}\r\n`;
};

const quoted = (text: string): string =>
  /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** CSV with a header line, row by row. */
export async function* csvLines<T>(
  rows: AsyncIterable<T> | Iterable<T>,
  columns: readonly Column<T>[],
  options: CsvOptions = {},
): AsyncGenerator<string> {
  const header = csvRecord(
    columns.map(({ name }) => name),
    options,
  );
  yield options.bom ? `${byteOrderMark}${header}` : header;
  for await (const row of rows) {
    yield csvRecord(
      columns.map(({ value }) => value(row)),
      options,
    );
  }
}

/** Each row as one flat object with the names of the columns; empty cells are null. */
export async function* flatRows<T>(
  rows: AsyncIterable<T>,
  columns: readonly Column<T>[],
): AsyncGenerator<Readonly<Record<string, Cell>>> {
  for await (const row of rows) {
    yield Object.fromEntries(columns.map(({ name, value }) => [name, value(row) ?? null]));
  }
}

/** A blank line, which readers of NDJSON pass over: it keeps the connection of a slow answer alive. */
const heartbeatLine = '\n';

/** Stands among the rows of an export where nothing was found for a while. */
export const heartbeat = Symbol('heartbeat');

/** One JSON object per line. */
export async function* ndjsonLines(
  rows: AsyncIterable<unknown> | Iterable<unknown>,
): AsyncGenerator<string> {
  for await (const row of rows) {
    yield row === heartbeat ? heartbeatLine : `${JSON.stringify(row)}\n`;
  }
}

async function* inChunks(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let chunk = '';
  for await (const line of lines) {
    chunk += line;
    if (chunk.length < chunkLength && line !== heartbeatLine) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

export interface StreamOptions {
  readonly format: ExportFormat;
  /** Suggested to browsers as the file's name. */
  readonly filename?: string;
}

/**
 * Answers with lines as they come, no faster than the caller reads.
 *
 * An error before the first chunk becomes a problem document; after it the connection is broken, so
 * that half an answer never looks whole. When the caller goes away, `lines` is returned.
 */
export const sendLines = (
  reply: FastifyReply,
  lines: AsyncIterable<string>,
  { format, filename }: StreamOptions,
): void => {
  void reply.header('content-type', contentTypes[format]);
  if (filename !== undefined) {
    void reply.header('content-disposition', `attachment; filename="${filename}"`);
  }
  void reply.send(Readable.from(inChunks(lines), { objectMode: true, highWaterMark: 2 }));
};

/** The format that a caller asks for by `?format=` or `Accept`; undefined for plain JSON. */
export const formatAskedFor = (
  format: ExportFormat | 'json' | undefined,
  accept: string | undefined,
): ExportFormat | undefined => {
  if (format !== undefined) return format === 'json' ? undefined : format;
  if (accept?.includes('text/csv')) return 'csv';
  return accept?.includes('application/x-ndjson') ? 'ndjson' : undefined;
};
