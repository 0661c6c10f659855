import { Readable } from 'node:stream';

import type { FastifyReply } from 'fastify';
import {
  ByteWriter,
  type ColumnSource,
  ParquetWriter,
  schemaFromColumnData,
} from 'hyparquet-writer';

import {
  type Cell,
  csvLines,
  type ExportFormat,
  flatRows,
  formatAskedFor,
  ndjsonLines,
  sendLines,
} from './export.js';

export type TableFormat = ExportFormat | 'parquet';
export type TableRow = Readonly<Record<string, Cell>>;
/** Names in order, with the type that each has in Parquet: `TIMESTAMP` of a `Date`, `INT64` of a whole number. */
export type TableColumns = Readonly<Record<string, 'STRING' | 'DOUBLE' | 'INT64' | 'TIMESTAMP'>>;

export interface TableOptions {
  readonly filename: string;
  readonly format: TableFormat;
  /** What Parquet says of the table as a whole. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Rows of Parquet that are in memory at once. */
const rowGroupSize = 20_000;

export const tableFormatAskedFor = (
  format: TableFormat | 'json' | undefined,
  accept: string | undefined,
): TableFormat | undefined => {
  if (format === 'parquet') return format;
  if (format === undefined && accept?.includes('application/vnd.apache.parquet')) return 'parquet';
  return formatAskedFor(format, accept);
};

/** Answers with rows as they come, in whichever format: see `sendLines`. */
export const sendTable = (
  reply: FastifyReply,
  rows: AsyncIterable<TableRow>,
  columns: TableColumns,
  { filename, format, metadata = {} }: TableOptions,
): void => {
  if (format === 'parquet') {
    void reply
      .header('content-type', 'application/vnd.apache.parquet')
      .header('content-disposition', `attachment; filename="${filename}"`)
      .send(Readable.from(parquetPieces(rows, columns, metadata), { highWaterMark: 1 }));
    return;
  }
  const named = Object.keys(columns).map((name) => ({
    ...{ name, value: (row: TableRow) => row[name] },
  }));
  const lines = format === 'csv' ? csvLines(rows, named) : ndjsonLines(flatRows(rows, named));
  sendLines(reply, lines, { format, filename });
};

/** A Parquet file piece by piece, a row group each: however many rows there are, few are in memory. */
export async function* parquetPieces(
  rows: AsyncIterable<TableRow>,
  columns: TableColumns,
  metadata: Readonly<Record<string, string>>,
): AsyncGenerator<Buffer> {
  const group: TableRow[] = [];
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({
    ...{ writer: bytes, createdBy: 'voltrace' },
    schema: schemaFromColumnData({ columnData: columnDataOf([], columns) }),
    kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  });
  for await (const row of rows) {
    group.push(row);
    if (group.length < rowGroupSize) continue;
    await writer.write({ columnData: columnDataOf(group.splice(0), columns), rowGroupSize });
    yield taken(bytes);
  }
  if (group.length > 0) {
    await writer.write({ columnData: columnDataOf(group, columns), rowGroupSize });
  }
  await writer.finish();
  yield taken(bytes);
}

const columnDataOf = (rows: readonly TableRow[], columns: TableColumns): ColumnSource[] =>
  Object.entries(columns).map(([name, type]) => ({
    ...{ name, type },
    data: rows.map((row) => {
      const value = row[name] ?? null;
      return type === 'INT64' && typeof value === 'number' ? BigInt(value) : value;
    }),
  }));

/** What was written since the last time; the writer counts on from where it was. */
const taken = (writer: ByteWriter): Buffer => {
  const piece = Buffer.from(writer.getBytes());
  writer.index = 0;
  return piece;
};
