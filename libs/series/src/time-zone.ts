import { LRUCache } from 'lru-cache';
import { Temporal } from 'temporal-polyfill';

/** From when on (milliseconds since the epoch) the clocks of a zone are how far ahead of UTC. */
interface Offset {
  readonly from: number;
  readonly ms: number;
}

/** Asking for a change of the clock takes milliseconds, and each year of a zone has the same ones for ever. */
const years = new LRUCache<string, readonly Offset[]>({ max: 10_000 });

/** The offset that a year begins with, and the changes in it. Years are those of UTC. */
const offsetsOfYear = (zone: string, year: number): readonly Offset[] => {
  const key = `${zone} ${String(year)}`;
  const known = years.get(key);
  if (known) return known;
  const end = Date.UTC(year + 1, 0);
  const offsets: Offset[] = [];
  let at: Temporal.ZonedDateTime | null = Temporal.Instant.fromEpochMilliseconds(
    Date.UTC(year, 0),
  ).toZonedDateTimeISO(zone);
  while (at && at.epochMilliseconds < end) {
    offsets.push({ from: at.epochMilliseconds, ms: at.offsetNanoseconds / 1e6 });
    at = at.getTimeZoneTransition('next');
  }
  years.set(key, offsets);
  return offsets;
};

/** How local times of a zone and instants go together within some years. */
export class LocalTimes {
  private readonly offsets: readonly Offset[];

  constructor(zone: string, from: number, to: number) {
    const first = new Date(from).getUTCFullYear();
    const last = new Date(to).getUTCFullYear();
    const all = Array.from({ length: last - first + 1 }, (_, index) =>
      offsetsOfYear(zone, first + index),
    ).flat();
    // That a year begins is no change of the clock.
    this.offsets = all.filter(({ ms }, index) => ms !== all[index - 1]?.ms);
  }

  /** What the clocks show at an instant, as the milliseconds of that time in UTC. */
  localAt(instant: number): number {
    return instant + this.offsetAt(instant).ms;
  }

  /** The first instant at which the clocks show `local` or later: a local time may be skipped, or shown twice. */
  firstAt(local: number): number {
    for (const [index, { from, ms }] of this.offsets.entries()) {
      const at = index === 0 ? local - ms : Math.max(from, local - ms);
      if (at < (this.offsets[index + 1]?.from ?? Infinity)) return at;
    }
    return local;
  }

  /** When the local hour ends that an instant is in: an hour that a change of the clock cuts, at the change. */
  endOfHour(instant: number): number {
    const { ms } = this.offsetAt(instant);
    const end = (Math.floor((instant + ms) / hourMs) + 1) * hourMs - ms;
    const change = this.offsets.find(({ from }) => from > instant)?.from ?? Infinity;
    return Math.min(end, change);
  }

  private offsetAt(instant: number): Offset {
    const found = this.offsets.findLast(({ from }) => from <= instant) ?? this.offsets[0];
    if (!found) throw new Error('no offset is known of the zone');
    return found;
  }
}

export const hourMs = 3_600_000;

/** Whether there is such a zone, such as `Europe/Brussels`. */
export const isTimeZone = (zone: string): boolean => {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
};
