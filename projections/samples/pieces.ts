import type { ProjectionClient } from '#subscription/projection/projection.js';

import type { Level, Span } from './buckets.js';
import { arrays, int4, milliseconds, timestamptz } from './sql.js';
import { type Summary, summaryOf } from './summary.js';

/** What every roll-up has, in the order of `table.sql`. */
export const rollupColumns = [
  ...(['series_id', 'count', 'start', 'sum', 'sum_low', 'min', 'max'] as const),
  ...(['first_at', 'first_value', 'last_at', 'last_value'] as const),
  ...(['hold_area', 'hold_low', 'linear_area', 'linear_low', 'max_gap_ms', 'falls'] as const),
] as const;

/**
 * Minutes and hours that hold a single sample have no row, as long as the sample is there: it says all of it. So
 * samples that come by the minute or by the hour do not cost a row of each.
 */
export const isSparse = (level: Level): level is 'minute' | 'hour' =>
  level === 'minute' || level === 'hour';

/** From `start`, before `end`: whole buckets. */
export type Range = Span & { readonly id: number };

/** The parameters $1 to $3 of `piecesIn`. */
export const rangeArrays = (ranges: readonly Range[]): Buffer[] =>
  arrays(
    ranges,
    int4(({ id }) => id),
    timestamptz(({ start }) => start),
    timestamptz(({ end }) => end),
  );

/**
 * The head of a statement: `piece (n, <roll-up columns>)` is what a level holds within ranges, of which `n` is the
 * number, from 1 on. Where there are no rows, each sample is one. `prefix` is that of the tables, with a dot.
 */
export const piecesIn = (level: Level, prefix = ''): string => {
  const columns = rollupColumns.join(', ');
  const key = `with key as (select * from unnest($1::int[], $2::timestamptz[], $3::timestamptz[])
      with ordinality as key (id, a, b, n))`;
  // What is ordered within `lateral` is looked up by the index, range by range.
  const kept = `select n, ${columns} from key cross join lateral (
      select * from ${prefix}rollup_${level}
       where series_id = id and start >= a and start < b order by start) rows`;
  if (!isSparse(level)) return `${key}, piece as (${kept})`;
  return `${key}, kept as (${kept}),
    mark as (select n, id, b, a as since, null::timestamptz as start from key
      union all select n, id, b, start + interval '1 ${level}', start from kept join key using (n)),
    hole as (select n, id, since,
        coalesce(lead(start) over (partition by n order by start nulls first), b) as until from mark),
    piece as (select * from kept union all
      select n, id, 1, date_trunc('${level}', at, 'UTC'), value, 0, value, value, at, value, at, value, 0, 0, 0, 0, 0, 0
        from hole cross join lateral (
          select at, value from ${prefix}samples
           where series_id = id and at >= since and at < until and quality < 2 and value is not null
           order by at) single
       where since < until)`;
};

const summaryColumns = `(n - 1)::int as range, count, sum, sum_low as "sumLow", min, max,
  ${milliseconds('first_at')} as "firstAt", first_value as "firstValue",
  ${milliseconds('last_at')} as "lastAt", last_value as "lastValue",
  hold_area as "holdArea", hold_low as "holdLow", linear_area as "linearArea", linear_low as "linearLow",
  max_gap_ms::float8 as "maxGapMs", falls`;

/** What lies in a range; `range` is its index. */
export interface PieceOf {
  readonly range: number;
  readonly summary: Summary;
}

/** Of all ranges, each one's in the order of time. */
export const readPieces = async (
  client: ProjectionClient,
  level: Level,
  ranges: readonly Range[],
): Promise<PieceOf[]> => {
  if (ranges.length === 0) return [];
  const { rows } = await client.query<Summary & { range: number }>(
    `${piecesIn(level)} select ${summaryColumns} from piece order by n, first_at`,
    rangeArrays(ranges),
  );
  return rows.map(({ range, ...row }) => ({
    range,
    summary: row.count === 1 ? summaryOf(row.firstAt, row.firstValue) : row,
  }));
};
