import type { ProjectionClient } from '#subscription/projection/projection.js';

import { type Calendar, hourMs, type Level, levels, type Span } from './buckets.js';
import { isSparse, type PieceOf, type Range, rangeArrays, readPieces } from './pieces.js';
import { type Bucket, deleteBuckets, type Key, keyOf, saveBuckets } from './roll-ups.js';
import { milliseconds } from './sql.js';
import { append, summaryOf } from './summary.js';

/** A time of a series at which samples came late or changed. */
export interface Touched {
  readonly id: number;
  readonly zone: Calendar;
  readonly at: number;
  /** Single samples before it were dropped. */
  readonly expiredBefore: number | null;
}

type Bucketed = Touched & Range;

/** Computes anew the buckets of these times: minutes from samples, and each other level from the one below. */
export const recompute = async (
  client: ProjectionClient,
  touched: readonly Touched[],
  from: Level = 'minute',
): Promise<void> => {
  if (touched.length === 0) return;
  for (const level of levels.slice(levels.indexOf(from))) {
    const wanted = bucketsOf(touched, level);
    const runs = isSparse(level) ? runsOf([...wanted.values()]) : [...wanted.values()];
    const buckets = new Map<string, Bucket>();
    for (const { range, summary } of await partsOf(client, level, runs)) {
      const { id, zone } = runs[range] ?? never();
      const { start } = zone.spanAt(level, summary.firstAt);
      const key = keyOf({ id, start });
      const before = buckets.get(key);
      if (before) append(before.summary, summary);
      else buckets.set(key, { id, zone, start, summary });
    }
    const kept: Bucket[] = [];
    const none: Key[] = [];
    for (const [key, one] of wanted) {
      const bucket = buckets.get(key);
      if (bucket && hasRow(level, bucket, one)) kept.push(bucket);
      else none.push(one);
    }
    await saveBuckets(client, level, kept);
    await deleteBuckets(client, level, none);
  }
};

/** See `isSparse`: a single sample that was dropped has left its row. */
const hasRow = (level: Level, { summary }: Bucket, { expiredBefore }: Touched): boolean =>
  !isSparse(level) || summary.count > 1 || summary.firstAt < (expiredBefore ?? -Infinity);

/** The buckets of a level in which the times are, each once, in the order of series and time. */
const bucketsOf = (touched: readonly Touched[], level: Level): Map<string, Bucketed> => {
  const buckets = new Map<string, Bucketed>();
  for (const one of [...touched].sort((a, b) => a.id - b.id || a.at - b.at)) {
    const bucket = { ...one, ...one.zone.spanAt(level, one.at) };
    buckets.set(keyOf(bucket), bucket);
  }
  return buckets;
};

/** Neighbours as one: they are read at once. */
const runsOf = (buckets: readonly Bucketed[]): Bucketed[] => {
  const runs: Bucketed[] = [];
  for (const bucket of buckets) {
    const last = runs.at(-1);
    if (last?.id === bucket.id && last.end === bucket.start) {
      runs[runs.length - 1] = { ...last, end: bucket.end };
    } else runs.push(bucket);
  }
  return runs;
};

const never = (): never => {
  throw new Error('a row is of none of the ranges that were asked for');
};

const partsOf = (
  client: ProjectionClient,
  level: Level,
  ranges: readonly Range[],
): Promise<PieceOf[]> => {
  if (level === 'minute') return samplesIn(client, ranges);
  if (level === 'hour') return readPieces(client, 'minute', ranges);
  if (level === 'month') return readPieces(client, 'day', ranges);
  return hoursIn(client, ranges);
};

const samplesIn = async (
  client: ProjectionClient,
  ranges: readonly Range[],
): Promise<PieceOf[]> => {
  const { rows } = await client.query<{ range: number; at: number; value: number }>(
    `select (n - 1)::int as range, ${milliseconds('at')} as at, value
     from unnest($1::int[], $2::timestamptz[], $3::timestamptz[]) with ordinality key (id, a, b, n)
       cross join lateral (
         select at, value from samples
          where series_id = id and at >= a and at < b and quality < 2 and value is not null
          order by at) sample
     order by n, at`,
    rangeArrays(ranges),
  );
  return rows.map(({ range, at, value }) => ({ range, summary: summaryOf(at, value) }));
};

/** Hours that lie in a day as a whole, and minutes at its ends where its zone is not whole hours from UTC. */
const hoursIn = async (client: ProjectionClient, ranges: readonly Range[]): Promise<PieceOf[]> => {
  const inner = ranges.map((range) => ({ ...range, ...wholeHours(range) }));
  const parts = await readPieces(client, 'hour', inner);
  const ends = ranges.flatMap((range, index) => {
    const { start, end } = wholeHours(range);
    return [
      { ...range, end: start, index },
      { ...range, start: end, index },
    ].filter((one) => one.start < one.end);
  });
  if (ends.length === 0) return parts;
  const minutes = await readPieces(client, 'minute', ends);
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

/** Shorter than any day: a day that lies in another one as a whole is met by steps of it. */
const stepMs = 12 * hourMs;

/** Days and months of a series whose zone is another one now. */
export const moveToZone = async (
  client: ProjectionClient,
  { id, expiredBefore }: Pick<Touched, 'id' | 'expiredBefore'>,
  zone: Calendar,
): Promise<void> => {
  const { rows } = await client.query<{ first: number; last: number }>(
    `delete from rollup_day where series_id = $1
     returning ${milliseconds('first_at')} as first, ${milliseconds('last_at')} as last`,
    [id],
  );
  await client.query('delete from rollup_month where series_id = $1', [id]);
  const touched = rows.flatMap(({ first, last }) => {
    const steps = Math.floor((last - first) / stepMs);
    const times = Array.from({ length: steps + 1 }, (_, step) => first + step * stepMs);
    return [...times, last].map((at) => ({ id, zone, at, expiredBefore }));
  });
  await recompute(client, touched, 'day');
};
