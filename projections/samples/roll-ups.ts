import type { ProjectionClient } from '#subscription/projection/projection.js';

import type { Calendar, Level } from './buckets.js';
import { isSparse, rollupColumns } from './pieces.js';
import { arrays, type Column, float8, int4, int8, timestamptz } from './sql.js';
import type { Summary } from './summary.js';

/** A row of a roll-up. */
export interface Bucket {
  readonly id: number;
  readonly start: number;
  readonly zone: Calendar;
  readonly summary: Summary;
}

export type Key = Pick<Bucket, 'id' | 'start'>;
export const keyOf = ({ id, start }: Key): string => `${String(id)} ${String(start)}`;

const sent: Readonly<Record<(typeof rollupColumns)[number], [type: string, Column<Bucket>]>> = {
  series_id: ['int', int4(({ id }) => id)],
  count: ['int', int4(({ summary }) => summary.count)],
  start: ['timestamptz', timestamptz(({ start }) => start)],
  sum: ['float8', float8(({ summary }) => summary.sum)],
  sum_low: ['float8', float8(({ summary }) => summary.sumLow)],
  min: ['float8', float8(({ summary }) => summary.min)],
  max: ['float8', float8(({ summary }) => summary.max)],
  first_at: ['timestamptz', timestamptz(({ summary }) => summary.firstAt)],
  first_value: ['float8', float8(({ summary }) => summary.firstValue)],
  last_at: ['timestamptz', timestamptz(({ summary }) => summary.lastAt)],
  last_value: ['float8', float8(({ summary }) => summary.lastValue)],
  hold_area: ['float8', float8(({ summary }) => summary.holdArea)],
  hold_low: ['float8', float8(({ summary }) => summary.holdLow)],
  linear_area: ['float8', float8(({ summary }) => summary.linearArea)],
  linear_low: ['float8', float8(({ summary }) => summary.linearLow)],
  max_gap_ms: ['bigint', int8(({ summary }) => summary.maxGapMs)],
  falls: ['int', int4(({ summary }) => summary.falls)],
};
const sentColumns = rollupColumns.map((column) => sent[column][1]);

const upsertOf = (level: Level): string => {
  const all = [...rollupColumns, ...(isSparse(level) ? [] : ['zone'])];
  const types = [...rollupColumns.map((column) => sent[column][0]), 'text'];
  const parameters = all.map((_, index) => `$${String(index + 1)}::${types[index] ?? ''}[]`);
  const changed = all.filter((column) => column !== 'series_id' && column !== 'start');
  return `insert into rollup_${level} (${all.join(', ')})
    select * from unnest(${parameters.join(', ')})
    on conflict (series_id, start) do update
       set ${changed.map((column) => `${column} = excluded.${column}`).join(', ')}`;
};

/** Writes rows in the place of those that are there. */
export const saveBuckets = async (
  client: ProjectionClient,
  level: Level,
  buckets: readonly Bucket[],
): Promise<void> => {
  if (buckets.length === 0) return;
  await client.query(upsertOf(level), [
    ...arrays(buckets, ...sentColumns),
    ...(isSparse(level) ? [] : [buckets.map(({ zone }) => zone.zone)]),
  ]);
};

export const deleteBuckets = async (
  client: ProjectionClient,
  level: Level,
  keys: readonly Key[],
): Promise<void> => {
  if (keys.length === 0) return;
  await client.query(
    `delete from rollup_${level} t using unnest($1::int[], $2::timestamptz[]) key (id, start)
     where t.series_id = key.id and t.start = key.start`,
    arrays(
      keys,
      int4(({ id }) => id),
      timestamptz(({ start }) => start),
    ),
  );
};
