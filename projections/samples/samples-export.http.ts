import type { FastifyReply } from 'fastify';
import { parquetWriteBuffer } from 'hyparquet-writer';

import {
  type Cell,
  csvLines,
  flatRows,
  formatAskedFor,
  ndjsonLines,
  sendLines,
} from '#http/export.js';
import { Refusal } from '#kernel/refusal.js';
import type { SeriesFunction } from '#series/functions.js';

import { type BucketShown, exportColumns, type ExportRow } from './samples-answer.js';
import type { exportFormats } from './samples-parameters.http.js';

/** Names in order, with the type that each has in Parquet. */
export type ExportColumns = Readonly<Record<string, 'STRING' | 'DOUBLE'>>;
export type SamplesFormat = 'csv' | 'ndjson' | 'parquet';

/** Parquet is written as a whole, so that it is as large as memory allows for. */
const mostParquetRows = 500_000;

export const formatOf = (
  format: (typeof exportFormats)[number] | undefined,
  accept: string | undefined,
): SamplesFormat | undefined => {
  if (format === 'parquet') return format;
  if (format === undefined && accept?.includes('application/vnd.apache.parquet')) return 'parquet';
  return formatAskedFor(format, accept);
};

export const sendExport = async (
  reply: FastifyReply,
  rows: AsyncIterable<ExportRow> | Iterable<ExportRow>,
  columns: ExportColumns,
  { name, format }: { readonly name: string; readonly format: SamplesFormat },
): Promise<void> => {
  const filename = `samples-${name.replaceAll(/[^\w-]/g, '_')}.${format}`;
  if (format === 'parquet') {
    const bytes = await parquetOf(rows, columns);
    void reply
      .header('content-type', 'application/vnd.apache.parquet')
      .header('content-disposition', `attachment; filename="${filename}"`)
      .send(bytes);
    return;
  }
  const named = exportColumns(Object.keys(columns));
  const lines =
    format === 'csv' ? csvLines(rows, named) : ndjsonLines(flatRows(asyncOf(rows), named));
  sendLines(reply, lines, { format, filename });
};

interface Bucketed {
  readonly functions: readonly SeriesFunction[];
  readonly series: readonly {
    readonly series: string;
    readonly unit: string | null;
    readonly buckets: readonly BucketShown[];
  }[];
}

export function* bucketRows({ series }: Bucketed): Generator<ExportRow> {
  for (const { series: name, unit, buckets } of series) {
    for (const { filled, overflowed, ...bucket } of buckets) {
      const marks = {
        filled: filled?.join(' ') ?? null,
        overflowed: overflowed?.join(' ') ?? null,
      };
      yield { series: name, unit, ...bucket, ...marks };
    }
  }
}

export const bucketColumns = ({ functions }: Bucketed): ExportColumns => ({
  ...{ series: 'STRING', unit: 'STRING', start: 'STRING', end: 'STRING' },
  ...Object.fromEntries(functions.map((fn) => [fn, 'DOUBLE' as const])),
  ...{ coverage: 'DOUBLE', filled: 'STRING', overflowed: 'STRING' },
});

async function* asyncOf<T>(rows: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
  yield* rows;
}

const parquetOf = async (
  rows: AsyncIterable<ExportRow> | Iterable<ExportRow>,
  columns: ExportColumns,
): Promise<Buffer> => {
  const data = Object.entries(columns).map(([name, type]) => ({
    ...{ name, type, data: [] as Cell[] },
  }));
  let count = 0;
  for await (const row of rows) {
    count += 1;
    if (count > mostParquetRows) throw tooManyRows();
    for (const column of data) column.data.push(row[column.name] ?? null);
  }
  return Buffer.from(parquetWriteBuffer({ columnData: data }));
};

const tooManyRows = () =>
  new Refusal(
    'TOO_MANY_ROWS',
    'unprocessable',
    `a Parquet file holds at most ${String(mostParquetRows)} rows here; ask for a shorter time, or for CSV or NDJSON, which have no end`,
    { errors: [{ pointer: '?to', reason: 'expected a shorter time' }] },
  );
