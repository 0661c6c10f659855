import type { Queryable } from '#resource/sql.js';
import { qualities } from '#telemetry/samples/events.js';

import { type ReadSeries, shownValue } from './queries.js';
import { samplesSchema as schema } from './samples.projection.js';
import { milliseconds, timeFrom } from './sql.js';

/** The newest sample of a series. */
export interface Latest {
  readonly id: number;
  readonly device: string;
  readonly series: string;
  readonly unit: string | null;
  readonly kind: string;
  readonly intervalMs: number | null;
  readonly at: number;
  readonly value: number | boolean | string;
  readonly quality: (typeof qualities)[number];
  readonly recordedAt: number;
}

/** Which series `readLatest` answers. */
export interface LatestOf {
  readonly device?: string | undefined;
  readonly site?: string | undefined;
  /** Only those that should have sent something by then, after so many of their intervals. */
  readonly stale?: { readonly now: number; readonly intervals: number } | undefined;
  /** The id of the last one of the page before. */
  readonly behind: number;
  readonly limit: number;
}

/** By the order in which series came to be. */
export const readLatest = async (
  client: Queryable,
  { device, site, stale, behind, limit }: LatestOf,
): Promise<readonly Latest[]> => {
  const { rows } = await client.query<
    Omit<Latest, 'value' | 'quality'> & {
      value: number | null;
      text: string | null;
      quality: number;
      valueType: ReadSeries['valueType'];
    }
  >(
    `select s.id, s.device_id as device, s.name as series, s.unit, s.kind, s.value_type as "valueType",
            s.interval_ms::float8 as "intervalMs", ${milliseconds('s.latest_at')} as at, s.latest_value as value,
            s.latest_text as text, s.latest_quality as quality, ${milliseconds('s.latest_recorded_at')} as "recordedAt"
       from ${schema}.series s
      where s.latest_at is not null and s.id > $1 and ($2::text is null or s.device_id = $2)
        and ($3::text is null or s.device_id in (select id from ${schema}.devices where site_id = $3))
        and ($4::float8 is null or s.latest_at < ${timeFrom('$4::float8')} - s.interval_ms * $5::float8 * interval '1 millisecond')
      order by s.id limit $6`,
    [behind, device, site, stale?.now, stale?.intervals, limit],
  );
  return rows.map(({ value, text, quality, valueType, ...row }) => ({
    ...row,
    value: shownValue(value, text, valueType),
    quality: qualities[quality] ?? 'bad',
  }));
};

/** A time longer than `longestMs` without a sample, within `from` and `to`. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/** The first gaps, by time; by the minutes where single samples were dropped. */
export const readGaps = async (
  client: Queryable,
  { id, expiredBefore }: ReadSeries,
  { from, to, longestMs, limit }: Gap & { readonly longestMs: number; readonly limit: number },
): Promise<readonly Gap[]> => {
  const { rows } = await client.query<Gap>(
    `with read as (
       select start as from_at, first_at, last_at from ${schema}.rollup_minute
        where series_id = $1 and start > ${timeFrom('$2::float8')} - interval '1 minute' and start < ${timeFrom('$3::float8')}
       ), seen as (
       select ${timeFrom('$2::float8')} as at union all select ${timeFrom('$3::float8')}
       union all select at from ${schema}.samples
        where series_id = $1 and quality < 2 and at >= ${timeFrom('$2::float8')} and at < ${timeFrom('$3::float8')}
       union all select unnest(array[first_at, last_at]) from read where from_at < ${timeFrom('$6::float8')}
     )
     select ${milliseconds('at')} as from, ${milliseconds('next')} as to
       from (select at, lead(at) over (order by at) as next from seen) gaps
      where next - at > $4::float8 * interval '1 millisecond' order by at limit $5`,
    [id, from, to, longestMs, limit, expiredBefore ?? 0],
  );
  return rows;
};
