import { hourMs, LocalTimes } from '#series/time-zone.js';

import type { WallTime } from './values.js';

/** Where the clock of a file leaves the test time. */
export interface ClockNote {
  readonly line: number;
  /** `fold`: the local hour that the zone shows twice; `jump`: the clock was set, or the test time stood still. */
  readonly kind: 'fold' | 'jump';
  /** Seconds by which the clock moved beside the test time. */
  readonly byS: number;
  /** Milliseconds since 1970, UTC, by start and test time; null without a zone. */
  readonly utcMs: number | null;
}

/** A clock may differ by so much from one record to the next, beside two of its last digit, without being noted. */
const toleranceMs = 3_000;
const yearMs = 366 * 24 * hourMs;

/**
 * The clock of a test. Test time leads: UTC is the start plus the test time, whatever the clock shows meanwhile, and
 * where it moves by itself is noted.
 */
export class TestClock {
  private start: { readonly ms: number; readonly testTimeS: number } | undefined;
  private known = false;
  /** By how much the clock was ahead of the test time at the last record. */
  private ahead = 0;
  private inFold = false;
  private times:
    { readonly of: LocalTimes; readonly from: number; readonly to: number } | undefined;

  constructor(
    private readonly zone: string | undefined,
    private readonly note: (note: ClockNote) => void,
  ) {}

  /** Milliseconds of the clock: UTC where a zone or the file says so, else as it shows. */
  read(wall: WallTime, testTimeS: number, line: number): number {
    const candidates = this.candidatesOf(wall);
    const [first = wall.ms] = candidates;
    if (!this.start) {
      this.start = { ms: first, testTimeS };
      this.known = wall.isUtc || this.zone !== undefined;
      return first;
    }
    const tested = this.start.ms + (testTimeS - this.start.testTimeS) * 1000;
    const expected = tested + this.ahead;
    const distance = (ms: number): number => Math.abs(ms - expected);
    const shown = candidates.reduce((a, b) => (distance(b) < distance(a) ? b : a), first);
    const moved = shown - expected;
    const utcMs = this.known ? Math.round(tested) : null;
    if (Math.abs(moved) > toleranceMs + 2 * wall.resolutionMs) {
      this.note({ line, kind: 'jump', byS: moved / 1000, utcMs });
    }
    const inFold = shown !== first;
    if (inFold && !this.inFold) {
      this.note({ line, kind: 'fold', byS: (first - shown) / 1000, utcMs });
    }
    this.inFold = inFold;
    this.ahead = shown - tested;
    return shown;
  }

  /** Seconds since the first reading, for files whose only time is the clock's: at least `leastS` where the zone allows. */
  elapsedS(wall: WallTime, leastS: number): number {
    const { start } = this;
    if (!start) return 0;
    const elapsed = this.candidatesOf(wall).map((ms) => start.testTimeS + (ms - start.ms) / 1000);
    return elapsed.find((seconds) => seconds >= leastS) ?? elapsed[0] ?? 0;
  }

  /** Milliseconds since 1970, UTC, at a test time; undefined where no zone is known. */
  utcAt(testTimeS: number): number | undefined {
    if (!this.start || !this.known) return undefined;
    return Math.round(this.start.ms + (testTimeS - this.start.testTimeS) * 1000);
  }

  /** What the clock showed at test time zero: UTC where `utc` is set. */
  started(): { readonly ms: number; readonly utc: boolean } | undefined {
    if (!this.start) return undefined;
    return { ms: Math.round(this.start.ms - this.start.testTimeS * 1000), utc: this.known };
  }

  /** The instants at which the clock shows a time: two within the hour that a zone shows twice. */
  private candidatesOf({ ms, isUtc }: WallTime): readonly number[] {
    if (isUtc || this.zone === undefined) return [ms];
    if (!this.times || ms < this.times.from || ms > this.times.to) {
      const [from, to] = [ms - yearMs, ms + yearMs];
      this.times = { of: new LocalTimes(this.zone, from, to), from, to };
    }
    const times = this.times.of;
    const first = times.firstAt(ms);
    const again = [first + hourMs, first + hourMs / 2].filter((at) => times.localAt(at) === ms);
    return [first, ...again];
  }
}
