import type { ProjectionClient } from '#subscription/projection/projection.js';

import { type Calendar, hourMs, type Level, levels, minuteMs, type Span } from './buckets.js';
import {
  type Bucket,
  deleteBuckets,
  type Key,
  keyOf,
  saveBuckets,
  summaryColumns,
  type SummaryRow,
} from './roll-ups.js';
import { arrays, milliseconds, timeFrom } from './sql.js';
import { append, type Summary, summaryOf } from './summary.js';

/** A time of a series at which samples came late or changed. */
export interface Touched {
  readonly id: number;
  readonly zone: Calendar;
  readonly at: number;
}

type Range = Touched & Span;

/** Computes anew the buckets of these times: minutes from samples, and each other level from the one below. */
export const recompute = async (
  client: ProjectionClient,
  touched: readonly Touched[],
  from: Level = 'minute',
): Promise<void> => {
  if (touched.length === 0) return;
  for (const level of levels.slice(levels.indexOf(from))) {
    const ranges = rangesOf(touched, level);
    const parts = await partsOf(client, level, ranges);
    const summaries = new Map<string, Summary>();
    for (const { range, summary } of parts) {
      const key = keyOf(ranges[range] ?? never());
      const before = summaries.get(key);
      if (before) append(before, summary);
      else summaries.set(key, summary);
    }
    const buckets: Bucket[] = [];
    const empty: Key[] = [];
    for (const range of ranges) {
      const summary = summaries.get(keyOf(range));
      if (summary) buckets.push({ ...range, summary });
      else empty.push(range);
    }
    await saveBuckets(client, level, buckets);
    await deleteBuckets(client, level, empty);
  }
};

/** The buckets of a level in which the times are, each once. */
const rangesOf = (touched: readonly Touched[], level: Level): Range[] => {
  const ranges = new Map<string, Range>();
  for (const one of touched) {
    const range = { ...one, ...one.zone.spanAt(level, one.at) };
    ranges.set(keyOf(range), range);
  }
  return [...ranges.values()];
};

const never = (): never => {
  throw new Error('a row is of none of the ranges that were asked for');
};

/** What lies in a range, in the order of time; `range` is its index. */
interface PartOf {
  readonly range: number;
  readonly summary: Summary;
}

const partsOf = (
  client: ProjectionClient,
  level: Level,
  ranges: readonly Range[],
): Promise<PartOf[]> => {
  if (level === 'minute') return samplesIn(client, ranges);
  if (level === 'hour') return rowsIn(client, 'minute', ranges);
  if (level === 'month') return rowsIn(client, 'day', ranges);
  return hoursIn(client, ranges);
};

const rangeArrays = (ranges: readonly Range[]): string[] =>
  arrays(
    ranges,
    ({ id }) => id,
    ({ start }) => start,
    ({ end }) => end,
  );

const ranged = 'unnest($1::int[], $2::float8[], $3::float8[]) with ordinality key (id, a, b, n)';

const samplesIn = async (client: ProjectionClient, ranges: readonly Range[]): Promise<PartOf[]> => {
  const { rows } = await client.query<{ range: number; at: number; value: number }>(
    `select (n - 1)::int as range, ${milliseconds('s.at')} as at, s.value
     from ${ranged} join samples s on s.series_id = key.id
       and s.at >= ${timeFrom('a')} and s.at < ${timeFrom('b')}
     where s.quality < 2 and s.value is not null order by n, s.at`,
    rangeArrays(ranges),
  );
  return rows.map(({ range, at, value }) => ({ range, summary: summaryOf(at, value) }));
};

const rowsIn = async (
  client: ProjectionClient,
  level: Level,
  ranges: readonly Range[],
): Promise<PartOf[]> => {
  const { rows } = await client.query<SummaryRow & { range: number }>(
    `select (n - 1)::int as range, ${summaryColumns('t')}
     from ${ranged} join rollup_${level} t on t.series_id = key.id
       and t.start >= ${timeFrom('a')} and t.start < ${timeFrom('b')}
     order by n, t.start`,
    rangeArrays(ranges),
  );
  return rows.map(({ range, id: _, start: __, ...summary }) => ({ range, summary }));
};

/** Hours that lie in a day as a whole, and minutes at its ends where its zone is not whole hours from UTC. */
const hoursIn = async (client: ProjectionClient, ranges: readonly Range[]): Promise<PartOf[]> => {
  const inner = ranges.map((range) => ({ ...range, ...wholeHours(range) }));
  const parts = await rowsIn(client, 'hour', inner);
  const ends = ranges.flatMap((range, index) => {
    const { start, end } = wholeHours(range);
    return [
      { ...range, end: start, index },
      { ...range, start: end, index },
    ].filter((one) => one.start < one.end);
  });
  if (ends.length === 0) return parts;
  const minutes = await rowsIn(client, 'minute', ends);
  const ofEnds = minutes.map(({ range, summary }) => ({
    range: (ends[range] ?? never()).index,
    summary,
  }));
  return [...parts, ...ofEnds].sort(
    (one, other) => one.range - other.range || one.summary.firstAt - other.summary.firstAt,
  );
};

const wholeHours = ({ start, end }: Span): Span => ({
  start: Math.ceil(start / hourMs) * hourMs,
  end: Math.floor(end / hourMs) * hourMs,
});

/** Days and months of series whose zone is another one now. */
export const moveToZone = async (
  client: ProjectionClient,
  ids: readonly number[],
  zone: Calendar,
): Promise<void> => {
  for (const id of ids) {
    await client.query('delete from rollup_day where series_id = $1', [id]);
    await client.query('delete from rollup_month where series_id = $1', [id]);
    const { rows } = await client.query<{ at: number }>(
      `select ${milliseconds('start')} as at from rollup_hour where series_id = $1 order by start`,
      [id],
    );
    // An hour may lie in two days.
    const touched = rows.flatMap(({ at }) => [
      { id, zone, at },
      { id, zone, at: at + hourMs - minuteMs },
    ]);
    await recompute(client, touched, 'day');
  }
};
