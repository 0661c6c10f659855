import { Refusal } from '#kernel/refusal.js';
import type { Queryable } from '#resource/sql.js';
import type { Piece, SeriesRules } from '#series/piece.js';
import { qualities, type Quality } from '#telemetry/samples/events.js';

import { hourMs, type Level } from './buckets.js';
import { piecesIn, rangeArrays } from './pieces.js';
import { samplesSchema as schema } from './samples.projection.js';
import { milliseconds, timeFrom } from './sql.js';

// Times are milliseconds since the epoch here.

/** A series as it is read. */
export interface ReadSeries extends SeriesRules {
  readonly id: number;
  readonly name: string;
  readonly valueType: 'number' | 'boolean' | 'text';
  readonly unit: string | null;
  readonly declared: boolean;
  readonly expiredBefore: number | null;
  readonly latestAt: number | null;
  /** By which the days and months of its roll-ups are. */
  readonly zone: string;
}

const seriesColumns = `s.id, s.name, s.value_type as "valueType", s.unit, s.kind, s.interpolation,
  s.interval_ms::float8 as "intervalMs", s.roll_over as "rollOver", s.declared,
  ${milliseconds('s.expired_before')} as "expiredBefore", ${milliseconds('s.latest_at')} as "latestAt",
  coalesce(sites.zone, 'UTC') as zone`;
const seriesTables = `${schema}.series s
  left join ${schema}.devices on devices.id = s.device_id
  left join ${schema}.sites on sites.id = devices.site_id`;

/** The series of a device that are named, in that order. Throws a `Refusal` (`SERIES_UNKNOWN`, not-found). */
export const readSeries = async (
  client: Queryable,
  device: string,
  names: readonly string[],
): Promise<readonly ReadSeries[]> => {
  const { rows } = await client.query<ReadSeries>(
    `select ${seriesColumns} from ${seriesTables} where s.device_id = $1 and s.name = any($2)`,
    [device, names],
  );
  return names.map((name) => {
    const found = rows.find((row) => row.name === name);
    if (!found) throw unknownSeries(name);
    return found;
  });
};

const unknownSeries = (name: string) =>
  new Refusal('SERIES_UNKNOWN', 'not-found', `the device has no series ${name}`, {
    errors: [{ pointer: '?series', reason: 'expected names of series of the device' }],
  });

/** From `from` up to and with `last`. */
export interface Span {
  readonly from: number;
  readonly last: number;
}

/** A row of a roll-up. */
export interface RolledUp extends Piece {
  readonly maxGapMs: number;
}

const rollupColumns = (area: 'hold' | 'linear'): string =>
  `${milliseconds('r.first_at')} as "firstAt", r.first_value as "firstValue", ${milliseconds('r.last_at')} as "lastAt",
   r.last_value as "lastValue", r.count, r.sum, r.min, r.max, r.${area}_area as area,
   r.max_gap_ms::float8 as "maxGapMs"`;

const rangesOf = (id: number, spans: readonly Span[]) =>
  rangeArrays(spans.map(({ from, last }) => ({ id, start: from, end: last + 1 })));

/** What a level holds within spans, which begin where its buckets do, by time. */
export const readRollups = async (
  client: Queryable,
  { id, interpolation }: ReadSeries,
  level: Level,
  spans: readonly Span[],
): Promise<readonly RolledUp[]> => {
  const { rows } = await client.query<RolledUp>(
    `${piecesIn(level, `${schema}.`)} select ${rollupColumns(interpolation)} from piece r order by r.first_at`,
    rangesOf(id, spans),
  );
  // Seconds; a product that overflows is an error of PostgreSQL, and none of ours.
  return rows.map((row) => ({ ...row, area: row.area * 1_000 }));
};

/** Whether the days (or months) in a span were all made by the clocks of the zone. */
export const areOfZone = async (
  client: Queryable,
  { id, zone }: ReadSeries,
  level: 'day' | 'month',
  { from, last }: Span,
): Promise<boolean> => {
  const { rows } = await client.query(
    `select 1 from ${schema}.rollup_${level} where series_id = $1 and zone <> $2
        and start >= ${timeFrom('$3::float8')} and start <= ${timeFrom('$4::float8')} limit 1`,
    [id, zone, from, last],
  );
  return rows.length === 0;
};

/** Whether a value of a span is lower than the one before, by the hours that it touches; and how many values there are. */
export const readFalls = async (
  client: Queryable,
  { id }: Pick<ReadSeries, 'id'>,
  { from, last }: Span,
): Promise<{ readonly count: number; readonly falls: boolean }> => {
  const { rows } = await client.query<{ count: number; falls: boolean }>(
    `${piecesIn('hour', `${schema}.`)}
     select coalesce(sum(count), 0)::float8 as count,
            coalesce(bool_or(falls > 0 or first_value < before), false) as falls
       from (select count, falls, first_value, lag(last_value) over (order by first_at) as before
               from piece) hours`,
    rangesOf(id, [{ from: Math.floor(from / hourMs) * hourMs, last }]),
  );
  return rows[0] ?? { count: 0, falls: false };
};

/** A sample that is not bad, with its value as a number. */
export type ReadSample = readonly [at: number, value: number];

const fetched = 20_000;

/**
 * Samples within spans that are numbers and not bad, by time: those that count, or counted at a position of the log.
 * To be read within a transaction.
 */
export async function* readSamples(
  client: Queryable,
  { id }: Pick<ReadSeries, 'id'>,
  spans: readonly Span[],
  position?: bigint,
): AsyncGenerator<ReadSample> {
  // What is ordered within `lateral` is looked up by the index, span by span.
  await client.query(
    `declare samples_read no scroll cursor for
     select ${milliseconds('at')}, value from unnest($2::float8[], $3::float8[]) span (starts, ends)
       cross join lateral (
         select at, value from ${countedAt(position)} samples
          where series_id = $1 and quality < 2 and value is not null
            and at >= ${timeFrom('span.starts::float8')} and at <= ${timeFrom('span.ends::float8')}
          order by at) sample
      order by at`,
    [id, spans.map(({ from }) => from), spans.map(({ last }) => last)],
  );
  for (;;) {
    const { rows } = await client.query<[number, number]>({
      text: `fetch ${String(fetched)} from samples_read`,
      rowMode: 'array',
    });
    yield* rows;
    if (rows.length < fetched) break;
  }
  await client.query('close samples_read');
}

/** The samples of a series that counted when the log had got to a position: before each correction the old one did. */
export const countedAt = (position: bigint | undefined, series = '$1'): string =>
  position === undefined
    ? `${schema}.samples`
    : `(select series_id, at, value, text, quality, position from ${schema}.samples
         where series_id = ${series} and position <= ${String(position)}
        union all
        select series_id, at, old_value, old_text, old_quality, old_position
          from (select distinct on (at) * from ${schema}.sample_corrections
                 where series_id = ${series} and position > ${String(position)} order by at, position) later
         where old_position <= ${String(position)})`;

/**
 * The last good sample before `from` and the first one from `to` on: of the minutes, which are kept for ever, where
 * those fit, else of the samples themselves.
 */
export const readNeighbours = async (
  client: Queryable,
  { id }: Pick<ReadSeries, 'id'>,
  { from, to }: { readonly from: number; readonly to: number },
  position?: bigint,
): Promise<readonly [before: ReadSample | undefined, after: ReadSample | undefined]> => {
  const good = `${countedAt(position)} s where series_id = $1 and quality < 2 and value is not null`;
  const bound = timeFrom('$2::float8');
  const read = async (ofMinutes: string, ofSamples: string, isBefore: boolean, at: number) => {
    // Of a sample that was dropped its minute is there.
    const parts = position === undefined ? [ofMinutes] : [];
    const { rows } = await client.query<[number, number]>({
      text: `select ${milliseconds('at')}, value from (${[...parts, ofSamples].join(' union all ')}) sides (at, value)`,
      ...{ values: [id, at], rowMode: 'array' },
    });
    const [one, other] = rows;
    if (!one || !other) return one ?? other;
    return one[0] < other[0] === isBefore ? other : one;
  };
  return [
    await read(
      `(select last_at, last_value from ${minutes} and start < date_trunc('minute', ${bound}, 'UTC') order by start desc limit 1)`,
      `(select at, value from ${good} and at < ${bound} order by at desc limit 1)`,
      ...([true, from] as const),
    ),
    await read(
      `(select first_at, first_value from ${minutes} and start >= ${bound} order by start limit 1)`,
      `(select at, value from ${good} and at >= ${bound} order by at limit 1)`,
      ...([false, to] as const),
    ),
  ];
};

const minutes = `${schema}.rollup_minute where series_id = $1`;

/** A sample as it counts. */
export interface SampleRow {
  readonly id: number;
  readonly at: number;
  readonly value: number | boolean | string;
  readonly quality: Quality;
}

export interface SamplesPage {
  readonly from: number;
  readonly to: number;
  /** The last sample of the page before. */
  readonly behind?: { readonly at: number; readonly id: number } | undefined;
  readonly limit: number;
  /** Those that counted at this position of the log; absent: those that count. */
  readonly position?: bigint | undefined;
}

/** Samples of several series by time, those of one time in the order of the series' ids. */
export const readSamplePage = async (
  client: Queryable,
  series: readonly ReadSeries[],
  { from, to, behind, limit, position }: SamplesPage,
): Promise<readonly SampleRow[]> => {
  const { rows } = await client.query<{
    id: number;
    at: number;
    value: number | null;
    text: string | null;
    quality: number;
  }>(
    `select read.* from unnest($1::int[]) as wanted (id) cross join lateral (
       select series_id as id, ${milliseconds('at')} as at, value, text, quality
         from ${countedAt(position, 'wanted.id')} counted
        where series_id = wanted.id and at >= ${timeFrom('$2::float8')} and at < ${timeFrom('$3::float8')}
          and (at > ${timeFrom('$2::float8')} or wanted.id > $4)
        order by at limit $5) read
      order by read.at, read.id limit $5`,
    [series.map(({ id }) => id), behind?.at ?? from, to, behind?.id ?? -1, limit],
  );
  const types = new Map(series.map(({ id, valueType }) => [id, valueType]));
  return rows.map(({ id, at, value, text, quality }) => ({
    ...{ id, at, quality: qualities[quality] ?? 'bad' },
    value: shownValue(value, text, types.get(id)),
  }));
};

export const shownValue = (
  value: number | null,
  text: string | null,
  type: ReadSeries['valueType'] | undefined,
): number | boolean | string => {
  if (value === null) return text ?? '';
  return type === 'boolean' ? value !== 0 : value;
};
