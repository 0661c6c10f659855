import type { FieldError } from '#kernel/refusal.js';

import type { Quality } from './events.js';
import {
  columnPointer,
  type RefusedSample,
  type WrittenColumns,
  type WrittenTime,
} from './read-samples.js';

interface Column {
  readonly index: number;
  readonly series: string;
  readonly unit?: string;
  readonly t: WrittenTime[];
  readonly values: unknown[];
  readonly quality: Quality[];
}

/**
 * Samples in a form in which they can be sent again, and what is wrong with each by its place there. Columns of
 * one series each: each has times of its own, and a unit where one was given.
 */
export const writtenAgain = (
  samples: readonly RefusedSample[],
): { readonly columns: readonly WrittenColumns[]; readonly problems: readonly FieldError[] } => {
  const columns = new Map<string, Column>();
  const problems = samples.map(({ series, unit, t, value, quality = 'good', reason }) => {
    const key = JSON.stringify([series, unit]);
    const empty = { index: columns.size, series, t: [], values: [], quality: [] };
    const column = columns.get(key) ?? { ...empty, ...(unit !== undefined && { unit }) };
    columns.set(key, column);
    const row = column.t.push(t) - 1;
    column.values.push(value);
    column.quality.push(quality);
    return { pointer: `/${String(column.index)}${columnPointer(series, row)}`, reason };
  });
  return { columns: [...columns.values()].map(written), problems };
};

const written = ({ series, unit, t, values, quality }: Column): WrittenColumns => ({
  t,
  series: {
    [series]: {
      ...(unit !== undefined && { unit }),
      values,
      ...(quality.some((flag) => flag !== 'good') && { quality }),
    },
  },
});
