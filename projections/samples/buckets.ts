import { LRUCache } from 'lru-cache';
import { Temporal } from 'temporal-polyfill';

/** From `start`, before `end`; milliseconds since 1970. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export const minuteMs = 60_000;
export const hourMs = 3_600_000;
const dayMs = 86_400_000;

export const levels = ['minute', 'hour', 'day', 'month'] as const;
export type Level = (typeof levels)[number];

/** Days and months of a zone, as its clocks show them: a day may have 23 or 25 hours, and may begin at one. */
export class Calendar {
  /** Days and months that were asked for, by the level and the day in UTC that they touch: computing one is dear. */
  private readonly known = new LRUCache<string, readonly Span[]>({ max: 10_000 });

  private constructor(readonly zone: string) {}

  private static readonly calendars = new Map<string, Calendar>();

  /** Of UTC where nobody knows the zone. */
  static of(zone: string): Calendar {
    const found = this.calendars.get(zone);
    if (found) return found;
    const made = new Calendar(isZone(zone) ? zone : 'UTC');
    this.calendars.set(zone, made);
    return made;
  }

  spanAt(level: Level, at: number): Span {
    if (level === 'minute') return fixed(at, minuteMs);
    if (level === 'hour') return fixed(at, hourMs);
    const key = `${level} ${String(Math.floor(at / dayMs))}`;
    const near = this.known.get(key) ?? [];
    const found = near.find(({ start, end }) => at >= start && at < end);
    if (found) return found;
    const span = level === 'day' ? this.dayAt(at) : this.monthAt(at);
    this.known.set(key, [...near, span]);
    return span;
  }

  private dayAt(at: number): Span {
    const start = this.local(at).startOfDay();
    return spanOf(start, start.add({ days: 1 }).startOfDay());
  }

  private monthAt(at: number): Span {
    const start = this.local(at).with({ day: 1 }).startOfDay();
    return spanOf(start, start.add({ months: 1 }).startOfDay());
  }

  private local(at: number): Temporal.ZonedDateTime {
    return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(this.zone);
  }
}

const isZone = (zone: string): boolean => {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone);
    return true;
  } catch {
    return false;
  }
};

const fixed = (at: number, width: number): Span => {
  const start = Math.floor(at / width) * width;
  return { start, end: start + width };
};

const spanOf = (start: Temporal.ZonedDateTime, end: Temporal.ZonedDateTime): Span => ({
  start: start.epochMilliseconds,
  end: end.epochMilliseconds,
});
