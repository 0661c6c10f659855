import { CounterReadings, increaseOf } from './counter.js';
import { longestGapMs, type Piece, type SeriesRules } from './piece.js';

/** What is known of one bucket. Times are milliseconds since the epoch. */
export interface Summary {
  readonly start: number;
  readonly end: number;
  count: number;
  sum: number;
  min: number;
  max: number;
  first: number | null;
  last: number | null;
  /** Value times milliseconds, over the time that is covered. */
  area: number;
  coveredMs: number;
  /** Lowest and highest value in the time that is covered. */
  low: number;
  high: number;
  /** By how much the series grew since the sample before each; null where there is none before. */
  increase: number | null;
  resets: number;
  badReadings: number;
}

const emptySummary = (start: number, end: number): Summary => ({
  ...{ start, end, count: 0, sum: 0, min: Infinity, max: -Infinity, first: null, last: null },
  ...{ area: 0, coveredMs: 0, low: Infinity, high: -Infinity },
  ...{ increase: null, resets: 0, badReadings: 0 },
});

/**
 * Aggregates one series by bucket. Takes pieces in the order of time, each within one bucket; those before the first
 * bucket and after the last one tell how the series goes at the ends.
 */
export class Aggregator {
  readonly buckets: readonly Summary[];
  private readonly counter: CounterReadings | undefined;
  private readonly longestGapMs: number;
  private before: Piece | undefined;
  private isBroken = false;
  /** The bucket that the last segment or piece was in: both only move on. */
  private current = 0;

  /** `edges`: the start of each bucket, and the end of the last one. */
  constructor(
    edges: readonly number[],
    private readonly rules: SeriesRules,
  ) {
    this.buckets = edges.slice(1).map((end, index) => emptySummary(edges[index] ?? end, end));
    this.longestGapMs = longestGapMs(rules);
    if (rules.kind === 'total') {
      this.counter = new CounterReadings((piece, isBad) => {
        if (isBad) this.countBad(piece);
        else this.take(piece);
      });
    }
  }

  push(piece: Piece): void {
    if (this.counter) this.counter.push(piece);
    else this.take(piece);
  }

  /** To be called after the last sample that there is. */
  end(): readonly Summary[] {
    this.counter?.end();
    const { before } = this;
    if (before && !this.isBroken) this.coverAfter(before.lastAt, before.lastValue, Infinity);
    return this.buckets;
  }

  /** Nothing is known from a time on until the next piece. A held value stands until then, a line ends at its last point. */
  breakAt(at: number): void {
    const { before } = this;
    if (!before || this.isBroken) return;
    if (this.rules.interpolation === 'hold') this.cover(before.lastAt, at, () => before.lastValue);
    this.isBroken = true;
  }

  private take(piece: Piece): void {
    const { before } = this;
    if (before && !this.isBroken) this.connect(before, piece);
    this.before = piece;
    this.isBroken = false;
    const bucket = this.bucketAt(piece.firstAt);
    if (!bucket) return;
    bucket.count += piece.count;
    bucket.sum += piece.sum;
    bucket.min = Math.min(bucket.min, piece.min);
    bucket.max = Math.max(bucket.max, piece.max);
    bucket.first ??= piece.firstValue;
    bucket.last = piece.lastValue;
    this.grow(bucket, piece);
    if (before) {
      const { by, isReset } = increaseOf(before.lastValue, piece.firstValue, this.rules);
      bucket.increase = (bucket.increase ?? 0) + by;
      bucket.resets += isReset ? 1 : 0;
    }
    if (piece.count > 1) {
      bucket.increase = (bucket.increase ?? 0) + piece.lastValue - piece.firstValue;
    }
  }

  /** What a piece covers itself. */
  private grow(bucket: Summary, { firstAt, lastAt, area, min, max }: Piece): void {
    if (lastAt === firstAt) return;
    bucket.area += area;
    bucket.coveredMs += lastAt - firstAt;
    bucket.low = Math.min(bucket.low, min);
    bucket.high = Math.max(bucket.high, max);
  }

  /** How the series goes between two pieces. */
  private connect({ lastAt, lastValue }: Piece, { firstAt, firstValue }: Piece): void {
    const gap = firstAt - lastAt;
    if (gap > this.longestGapMs) this.coverAfter(lastAt, lastValue, firstAt);
    else if (this.rules.interpolation === 'hold') this.cover(lastAt, firstAt, () => lastValue);
    else {
      this.cover(
        lastAt,
        firstAt,
        (at) => lastValue + ((firstValue - lastValue) * (at - lastAt)) / gap,
      );
    }
  }

  /** A value that is held stands for one interval where no other follows in time; a line ends at its last point. */
  private coverAfter(at: number, value: number, next: number): void {
    const { interpolation, intervalMs } = this.rules;
    if (interpolation !== 'hold' || intervalMs === null) return;
    this.cover(at, Math.min(next, at + intervalMs), () => value);
  }

  private cover(from: number, to: number, valueAt: (at: number) => number): void {
    for (let index = this.indexAt(from); ; index += 1) {
      const bucket = this.buckets[index];
      if (!bucket || bucket.start >= to) return;
      const start = Math.max(from, bucket.start);
      const end = Math.min(to, bucket.end);
      if (end <= start) continue;
      const [one, other] = [valueAt(start), valueAt(end)];
      bucket.area += ((one + other) / 2) * (end - start);
      bucket.coveredMs += end - start;
      bucket.low = Math.min(bucket.low, one, other);
      bucket.high = Math.max(bucket.high, one, other);
    }
  }

  private countBad({ firstAt, count }: Piece): void {
    // Not by the bucket that is filled just now: what is good goes on from there.
    let [low, high] = [0, this.buckets.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.buckets[middle]?.end ?? Infinity) <= firstAt) low = middle + 1;
      else high = middle;
    }
    const bucket = this.buckets[low];
    if (bucket && firstAt >= bucket.start) bucket.badReadings += count;
  }

  private bucketAt(at: number): Summary | undefined {
    const bucket = this.buckets[this.indexAt(at)];
    return bucket && at >= bucket.start && at < bucket.end ? bucket : undefined;
  }

  /** The first bucket that ends after `at`. */
  private indexAt(at: number): number {
    while (at >= (this.buckets[this.current]?.end ?? Infinity)) this.current += 1;
    return this.current;
  }
}
