import { Temporal } from 'temporal-polyfill';

import { Refusal } from '#kernel/refusal.js';

import { hourMs, LocalTimes } from './time-zone.js';

const calendarUnits = ['hour', 'day', 'week', 'month', 'year'] as const;
type CalendarUnit = (typeof calendarUnits)[number];

/** What time is cut into: pieces of one width that count from the Unix epoch, or those of a calendar. */
export type Bucket = { readonly widthMs: number } | { readonly unit: CalendarUnit };

export const bucketExpected = '15m, PT15M, hour, day, week, month or year';

const widths: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: hourMs };
const calendarPeriods: Readonly<Record<string, CalendarUnit>> = {
  P1D: 'day',
  P1W: 'week',
  P1M: 'month',
  P1Y: 'year',
};

/** Reads `15m`, `PT15M`, `P1D`, `month`; undefined for anything else. A day is one of the calendar however it is written. */
export const parseBucket = (text: string): Bucket | undefined => {
  const unit = calendarUnits.find((one) => one === text) ?? calendarPeriods[text];
  if (unit) return { unit };
  const [, count, letter = ''] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  const widthMs =
    count === undefined ? durationMs(text) : Number(count) * (widths[letter] ?? Number.NaN);
  return widthMs !== undefined && widthMs >= 1_000 ? { widthMs } : undefined;
};

const durationMs = (text: string): number | undefined =>
  /^PT(?=\d)(\d{1,6}H)?(\d{1,6}M)?(\d{1,6}S)?$/.test(text)
    ? Temporal.Duration.from(text).total('milliseconds')
    : undefined;

const dayMs = 24 * hourMs;
/** How far before `from` a bucket may begin. */
const reachMs = {
  hour: hourMs,
  day: 2 * dayMs,
  week: 9 * dayMs,
  month: 33 * dayMs,
  year: 368 * dayMs,
};

/** Where each unit begins that the local time is in, and where the next one does. */
const floors: Readonly<
  Record<Exclude<CalendarUnit, 'hour'>, (local: Date, next: number) => number>
> = {
  day: (local, next) =>
    Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate() + next),
  // ISO 8601: a week begins on Monday.
  week: (local, next) =>
    Date.UTC(
      local.getUTCFullYear(),
      local.getUTCMonth(),
      local.getUTCDate() - ((local.getUTCDay() + 6) % 7) + 7 * next,
    ),
  month: (local, next) => Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + next),
  year: (local, next) => Date.UTC(local.getUTCFullYear() + next, 0),
};

function* startsAfter(bucket: Bucket, zone: string, from: number, to: number): Generator<number> {
  if ('widthMs' in bucket) {
    const { widthMs } = bucket;
    for (let at = (Math.floor(from / widthMs) + 1) * widthMs; ; at += widthMs) yield at;
  }
  const { unit } = bucket;
  const times = new LocalTimes(zone, from - reachMs[unit], to + reachMs[unit]);
  if (unit === 'hour') {
    for (let at = times.endOfHour(from); ; at = times.endOfHour(at)) yield at;
  }
  const local = new Date(times.localAt(from));
  for (let next = 1; ; next += 1) yield times.firstAt(floors[unit](local, next));
}

/**
 * The ends of the buckets between two instants: `from`, each start between them, `to`. The first and the last
 * bucket are cut there. Throws a `Refusal` (`TOO_MANY_BUCKETS`) where there are more than `most`.
 */
export const bucketEdges = (
  bucket: Bucket,
  zone: string,
  { from, to, most }: { readonly from: number; readonly to: number; readonly most: number },
): readonly number[] => {
  const edges = [from];
  for (const start of startsAfter(bucket, zone, from, to)) {
    if (start >= to) break;
    // A day that a zone left out begins when the next one does.
    if (start <= (edges.at(-1) ?? from)) continue;
    if (edges.length >= most) throw tooManyBuckets(most);
    edges.push(start);
  }
  edges.push(to);
  return edges;
};

const tooManyBuckets = (most: number) =>
  new Refusal(
    'TOO_MANY_BUCKETS',
    'unprocessable',
    `an answer has at most ${String(most)} buckets; choose wider ones, or a shorter time`,
    { errors: [{ pointer: '?bucket', reason: 'expected a wider bucket' }] },
  );
