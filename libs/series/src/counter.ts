import type { Piece, SeriesRules } from './piece.js';

/** For so long a total is waited for to return from a fall, before the fall is taken for a reset. */
export const returnsWithinMs = 24 * 3_600_000;

interface Fall {
  readonly before: number;
  readonly at: number;
  /** Place of the first reading below, counted over all readings. */
  readonly place: number;
  lowest: number;
}

/**
 * Tells bad readings of a total from resets: a total that returns to what it showed before its fall, by a step of at
 * least half the fall, did not start again, and what it showed meanwhile was wrong. A counter that starts again each
 * day and passes in the evening what it reached the day before climbs there by small steps.
 *
 * Readings come out in order, as soon as it is known of each whether it is good.
 */
export class CounterReadings {
  private readonly waiting: { readonly piece: Piece; isBad: boolean }[] = [];
  /** Place of the first one that waits. */
  private place = 0;
  /** Falls that nothing returned from, each within the one before it, so that `before` decreases. */
  private readonly falls: Fall[] = [];
  private last: number | undefined;

  constructor(private readonly emit: (piece: Piece, isBad: boolean) => void) {}

  push(piece: Piece): void {
    const { firstAt: at, firstValue: value } = piece;
    while (this.falls[0] && at - this.falls[0].at > returnsWithinMs) this.falls.shift();
    const last = this.last ?? value;
    this.closeFalls(value, last);
    if (value < last) {
      const place = this.place + this.waiting.length;
      this.falls.push({ before: last, at, place, lowest: value });
    }
    this.waiting.push({ piece, isBad: false });
    this.last = piece.lastValue;
    this.release(this.falls[0]?.place ?? Infinity);
  }

  end(): void {
    this.release(Infinity);
  }

  /** Ends the falls that the total has returned from. */
  private closeFalls(value: number, last: number): void {
    let bad = Infinity;
    for (let fall = this.falls.at(-1); fall && fall.before <= value; fall = this.falls.at(-1)) {
      this.falls.pop();
      if (value - last >= (fall.before - fall.lowest) / 2) bad = fall.place;
      const outer = this.falls.at(-1);
      if (outer) outer.lowest = Math.min(outer.lowest, fall.lowest);
    }
    for (const reading of this.waiting.slice(Math.max(0, bad - this.place))) reading.isBad = true;
  }

  private release(end: number): void {
    const known = this.waiting.splice(0, Math.max(0, end - this.place));
    this.place += known.length;
    for (const { piece, isBad } of known) this.emit(piece, isBad);
  }
}

/** What a series grew by from one sample to the next, and whether a total started again between them. */
export const increaseOf = (
  before: number,
  after: number,
  { kind, rollOver }: SeriesRules,
): { readonly by: number; readonly isReset: boolean } => {
  if (kind !== 'total' || after >= before) return { by: after - before, isReset: false };
  // A total that stood near the value at which it starts again did just that.
  const rolled = rollOver === null ? Infinity : rollOver - before + after;
  if (rollOver !== null && rolled >= 0 && rolled <= rollOver / 2) {
    return { by: rolled, isReset: false };
  }
  return { by: after, isReset: true };
};
