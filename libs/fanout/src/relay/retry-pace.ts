const firstMs = 100;
const lastMs = 10_000;

/** How long to wait before the next try: twice as long each time, give or take a quarter, until something went well. */
export class RetryPace {
  private ms = firstMs;
  failingSince = Infinity;

  wentWell(): void {
    this.ms = firstMs;
    this.failingSince = Infinity;
  }

  next(): number {
    const { ms } = this;
    this.failingSince = Math.min(this.failingSince, performance.now());
    this.ms = Math.min(ms * 2, lastMs);
    return ms * (0.75 + Math.random() / 2);
  }
}
