import type { ProjectionClient } from '#subscription/projection/projection.js';

import type { Calendar, Level } from './buckets.js';
import { arrays, milliseconds, timeFrom } from './sql.js';
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

/** Columns with their members, in the order in which they are written. */
const numbers = {
  sum: 'sum',
  sum_low: 'sumLow',
  min: 'min',
  max: 'max',
  first_value: 'firstValue',
  last_value: 'lastValue',
  hold_area: 'holdArea',
  hold_low: 'holdLow',
  linear_area: 'linearArea',
  linear_low: 'linearLow',
} as const;
const times = { start: 'start', first_at: 'firstAt', last_at: 'lastAt' } as const;
const counts = { count: 'count', max_gap_ms: 'maxGapMs', falls: 'falls' } as const;

/** Columns of a roll-up `t` as members of a summary, with its series and start. */
export const summaryColumns = (t: string): string =>
  [
    `${t}.series_id as id, ${milliseconds(`${t}.start`)} as start`,
    ...Object.entries(numbers).map(([column, name]) => `${t}.${column} as "${name}"`),
    `${milliseconds(`${t}.first_at`)} as "firstAt", ${milliseconds(`${t}.last_at`)} as "lastAt"`,
    `${t}.count, ${t}.max_gap_ms::float8 as "maxGapMs", ${t}.falls`,
  ].join(', ');

export type SummaryRow = Summary & Key;

/** The rows of `keys` that are there. */
export const loadBuckets = async (
  client: ProjectionClient,
  level: Level,
  keys: readonly Key[],
): Promise<Map<string, Summary>> => {
  if (keys.length === 0) return new Map();
  const { rows } = await client.query<SummaryRow>(
    `select ${summaryColumns('t')} from unnest($1::int[], $2::float8[]) key (id, start)
       join rollup_${level} t on t.series_id = key.id and t.start = ${timeFrom('key.start')}`,
    keyArrays(keys),
  );
  return new Map(rows.map(({ id, start, ...summary }) => [keyOf({ id, start }), summary]));
};

const keyArrays = (keys: readonly Key[]): string[] =>
  arrays(
    keys,
    ({ id }) => id,
    ({ start }) => start,
  );

const columns = [
  'series_id',
  ...Object.keys(times),
  ...Object.keys(counts),
  ...Object.keys(numbers),
];

const upsertOf = (level: Level): string => {
  const all = [...columns, ...(hasZone(level) ? ['zone'] : [])];
  const isTime = (column: string) => column in times;
  const selected = all.map((column) => (isTime(column) ? timeFrom(column) : column));
  const parameters = all.map((column, index) => `$${String(index + 1)}::${typeOf(column)}[]`);
  const changed = all.filter((column) => column !== 'series_id' && column !== 'start');
  return `insert into rollup_${level} (${all.join(', ')})
    select ${selected.join(', ')} from unnest(${parameters.join(', ')}) as new (${all.join(', ')})
    on conflict (series_id, start) do update
       set ${changed.map((column) => `${column} = excluded.${column}`).join(', ')}`;
};

const hasZone = (level: Level): boolean => level === 'day' || level === 'month';
const typeOf = (column: string): string => {
  if (column === 'zone') return 'text';
  return column === 'series_id' || column in counts ? 'bigint' : 'float8';
};

/** Writes rows in the place of those that are there. */
export const saveBuckets = async (
  client: ProjectionClient,
  level: Level,
  buckets: readonly Bucket[],
): Promise<void> => {
  if (buckets.length === 0) return;
  const members = [...Object.values(counts), ...Object.values(numbers)];
  await client.query(upsertOf(level), [
    ...arrays(
      buckets,
      ({ id }) => id,
      ({ start }) => start,
      ({ summary }) => summary.firstAt,
      ({ summary }) => summary.lastAt,
      ...members.map(
        (member) =>
          ({ summary }: Bucket) =>
            summary[member],
      ),
    ),
    ...(hasZone(level) ? [buckets.map(({ zone }) => zone.zone)] : []),
  ]);
};

export const deleteBuckets = async (
  client: ProjectionClient,
  level: Level,
  keys: readonly Key[],
): Promise<void> => {
  if (keys.length === 0) return;
  await client.query(
    `delete from rollup_${level} t using unnest($1::int[], $2::float8[]) key (id, start)
     where t.series_id = key.id and t.start = ${timeFrom('key.start')}`,
    keyArrays(keys),
  );
};
