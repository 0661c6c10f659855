import type { ProjectionClient } from '#subscription/projection/projection.js';
import type { SeriesDeclaration, ValueType } from '#telemetry/series/events.js';

import type { Content } from './arriving.js';
import { milliseconds } from './sql.js';

/** A row of `series`; times are milliseconds since 1970. */
export interface Series {
  readonly id: number;
  readonly device: string;
  readonly name: string;
  rules: SeriesDeclaration;
  declared: boolean;
  retentionDays: number | null;
  expiredBefore: number | null;
  firstAt: number | null;
  latestAt: number | null;
  latest: Content | null;
  latestRecordedAt: number | null;
  /** Times of samples that a person took away. */
  readonly removed: Set<number>;
}

const learntRules = {
  number: { kind: 'gauge', interpolation: 'linear' },
  boolean: { kind: 'state', interpolation: 'hold' },
  text: { kind: 'text', interpolation: 'hold' },
} as const;

/** What holds of a series that nobody declared. */
export const rulesOf = (valueType: ValueType, unit: string | null): SeriesDeclaration => ({
  ...{ valueType, unit, ...learntRules[valueType] },
  ...{ intervalMs: null, rollOver: null, low: null, high: null },
});

/** All series of some devices. */
export const loadSeries = async (
  client: ProjectionClient,
  devices: readonly string[],
): Promise<Series[]> => {
  const { rows } = await client.query<Omit<Series, 'rules' | 'latest' | 'removed'> & Row>(
    `select id, device_id as device, name, declared, retention_days as "retentionDays",
            json_build_object('valueType', value_type, 'unit', unit, 'kind', kind,
              'interpolation', interpolation, 'intervalMs', interval_ms, 'rollOver', roll_over,
              'low', low, 'high', high) as rules,
            ${milliseconds('expired_before')} as "expiredBefore",
            ${milliseconds('first_at')} as "firstAt", ${milliseconds('latest_at')} as "latestAt",
            ${milliseconds('latest_recorded_at')} as "latestRecordedAt",
            latest_value as value, latest_text as text, latest_quality as quality
     from series where device_id = any($1)`,
    [devices],
  );
  const removed = await removedTimes(client, devices);
  return rows.map(({ value, text, quality, ...row }) => ({
    ...row,
    latest: quality === null ? null : { value, text, quality },
    removed: removed.get(row.id) ?? new Set(),
  }));
};

interface Row {
  readonly rules: SeriesDeclaration;
  readonly value: number | null;
  readonly text: string | null;
  readonly quality: number | null;
}

const removedTimes = async (
  client: ProjectionClient,
  devices: readonly string[],
): Promise<Map<number, Set<number>>> => {
  const { rows } = await client.query<{ id: number; times: number[] }>(
    `select series_id as id, array_agg(${milliseconds('at')}) as times
     from (select distinct on (c.series_id, c.at) c.series_id, c.at, c.new_value, c.new_text
             from sample_corrections c join series s on s.id = c.series_id
            where s.device_id = any($1)
            order by c.series_id, c.at, c.position desc) latest
     where new_value is null and new_text is null group by series_id`,
    [devices],
  );
  return new Map(rows.map(({ id, times }) => [id, new Set(times)]));
};

export const saveSeries = async (
  client: ProjectionClient,
  series: readonly Series[],
): Promise<void> => {
  const rows = series.map(({ rules, latest, firstAt, latestAt, ...row }) => ({
    ...{ id: row.id, device_id: row.device, name: row.name, declared: row.declared },
    ...{ value_type: rules.valueType, unit: rules.unit, kind: rules.kind },
    ...{ interpolation: rules.interpolation, interval_ms: rules.intervalMs },
    ...{ roll_over: rules.rollOver, low: rules.low, high: rules.high },
    ...{ retention_days: row.retentionDays, expired_before: iso(row.expiredBefore) },
    ...{ first_at: iso(firstAt), latest_at: iso(latestAt) },
    ...{ latest_value: latest?.value, latest_text: latest?.text, latest_quality: latest?.quality },
    latest_recorded_at: iso(row.latestRecordedAt),
  }));
  const [first] = rows;
  if (!first) return;
  const columns = Object.keys(first);
  await client.query(
    `insert into series (${columns.join(', ')})
     select ${columns.join(', ')} from json_populate_recordset(null::series, $1)
     on conflict (id) do update set ${columns.map((one) => `${one} = excluded.${one}`).join(', ')}`,
    [JSON.stringify(rows)],
  );
};

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

/** Reads the ends of a series anew, where a sample at one of them was taken away. */
export const readEnds = async (client: ProjectionClient, series: Series): Promise<void> => {
  const { rows } = await client.query<Row & { firstAt: number; at: number }>(
    `select (select ${milliseconds('min(at)')} from samples where series_id = $1) as "firstAt",
            ${milliseconds('at')} as at, value, text, quality
     from samples where series_id = $1 order by at desc limit 1`,
    [series.id],
  );
  const [last] = rows;
  // Where all single samples were dropped, the newest one of them stays known.
  if (!last && series.expiredBefore !== null) return;
  const { quality, value, text } = last ?? { quality: null, value: null, text: null };
  if (series.expiredBefore === null) series.firstAt = last?.firstAt ?? null;
  series.latestAt = last?.at ?? null;
  series.latest = quality === null ? null : { value, text, quality };
};
