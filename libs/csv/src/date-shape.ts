/** How many dates with two slashes of a column say which of their first two numbers is the day. */
export interface DateCounts {
  /** Such as `28/03/2025`. */
  readonly dayFirst: number;
  /** Such as `03/28/2025`. */
  readonly monthFirst: number;
  /** Such as `03/04/2025`. */
  readonly either: number;
  /** Of all of them, those that have a day or month of one digit, such as `3/11/2025`. */
  readonly unpadded: number;
}

const slashed = /^\s*\[?(\d{1,2})\/(\d{1,2})\/\d{4}\b/;

/** Counts what a column's dates say of their order, in the memory of some numbers. */
export class DateCounter implements DateCounts {
  dayFirst = 0;
  monthFirst = 0;
  either = 0;
  unpadded = 0;

  add(cell: string): void {
    const [, first, second] = slashed.exec(cell) ?? [];
    if (first === undefined || second === undefined) return;
    const [a, b] = [Number(first), Number(second)];
    if (a > 12 && b <= 12) this.dayFirst += 1;
    else if (b > 12 && a <= 12) this.monthFirst += 1;
    // The third of March is the third of March in either order.
    else if (a !== b) this.either += 1;
    if (first.length === 1 || second.length === 1) this.unpadded += 1;
  }
}
