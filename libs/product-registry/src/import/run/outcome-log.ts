import { type RowOutcome, rowsPerEvent } from '../events.js';

/** Oldest outcome that waits for its batch to fill, in milliseconds: progress shows even on slow days. */
const flushAfterMs = 5_000;

/**
 * Gathers outcomes, which come in any order, into events of `rowsPerEvent` rows, one append after
 * another. What was not recorded when the process dies is done again, and comes out the same.
 */
export class OutcomeLog {
  private batch: RowOutcome[] = [];
  private oldest = 0;
  private last: Promise<void> = Promise.resolve();
  private number = 0;

  constructor(
    /** `number` is 1 for the first batch, and so on. */
    private readonly record: (rows: readonly RowOutcome[], number: number) => Promise<void>,
  ) {}

  /** Waits where an earlier batch is still being recorded. Rejects with the first failure of any. */
  async add(outcome: RowOutcome): Promise<void> {
    if (this.batch.length === 0) this.oldest = performance.now();
    this.batch.push(outcome);
    const isDue = performance.now() - this.oldest > flushAfterMs;
    if (this.batch.length >= rowsPerEvent || isDue) await this.flush();
  }

  async flush(): Promise<void> {
    const rows = this.batch;
    if (rows.length > 0) {
      this.batch = [];
      this.number += 1;
      const { number } = this;
      this.last = this.last.then(() => this.record(rows, number));
    }
    await this.last;
  }
}
