import type { FastifyReply } from 'fastify';

import {
  sendTable,
  type TableColumns,
  type TableFormat,
  type TableRow,
} from '#http/table-export.js';
import type { SeriesFunction } from '#series/functions.js';

import type { BucketShown } from './samples-answer.js';

export const sendExport = (
  reply: FastifyReply,
  rows: AsyncIterable<TableRow> | Iterable<TableRow>,
  columns: TableColumns,
  { name, format }: { readonly name: string; readonly format: TableFormat },
): void => {
  const filename = `samples-${name.replaceAll(/[^\w-]/g, '_')}.${format}`;
  sendTable(reply, asyncOf(rows), columns, { filename, format });
};

interface Bucketed {
  readonly functions: readonly SeriesFunction[];
  readonly series: readonly {
    readonly series: string;
    readonly unit: string | null;
    readonly buckets: readonly BucketShown[];
  }[];
}

export function* bucketRows({ series }: Bucketed): Generator<TableRow> {
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

export const bucketColumns = ({ functions }: Bucketed): TableColumns => ({
  ...{ series: 'STRING', unit: 'STRING', start: 'STRING', end: 'STRING' },
  ...Object.fromEntries(functions.map((fn) => [fn, 'DOUBLE' as const])),
  ...{ coverage: 'DOUBLE', filled: 'STRING', overflowed: 'STRING' },
});

async function* asyncOf<T>(rows: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
  yield* rows;
}
