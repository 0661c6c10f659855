/** A repeatable source of numbers whose place can be saved: mulberry32. */
export class SeededRandom {
  constructor(private place: number) {}

  get saved(): number {
    return this.place;
  }

  /** From 0 to below 1. */
  next(): number {
    this.place = (this.place + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.place ^ (this.place >>> 15), this.place | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** Normally distributed, with a deviation of 1. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
}
