import { type RowOutcome, rowsPerEvent } from '../events.js';

/** Oldest outcome that waits for its batch to fill, in milliseconds: progress shows even on slow days. */
const flushAfterMs = 5_000;

/** Largest batch as JSON, in bytes: well below the 1 MiB that one append may have. */
const maxBatchBytes = 256 * 1024;

/** Most problems that one row reports; the last of them says how many there are beside them. */
const maxProblems = 20;

/**
 * Gathers outcomes, which come in any order, into events of at most `rowsPerEvent` rows and 256 KiB,
 * one append after another. What was not recorded when the process dies is done again, and comes out
 * the same.
 */
export class OutcomeLog {
  private batch: RowOutcome[] = [];
  private bytes = 0;
  private oldest = 0;
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly record: (rows: readonly RowOutcome[]) => Promise<void>) {}

  /** Waits where an earlier batch is still being recorded. Rejects with the first failure of any. */
  async add(outcome: RowOutcome): Promise<void> {
    const added = bounded(outcome);
    const bytes = Buffer.byteLength(JSON.stringify(added));
    const recorded = this.bytes + bytes > maxBatchBytes ? [this.flush()] : [];
    if (this.batch.length === 0) this.oldest = performance.now();
    this.batch.push(added);
    this.bytes += bytes;
    const isDue = performance.now() - this.oldest > flushAfterMs;
    if (this.batch.length >= rowsPerEvent || isDue) recorded.push(this.flush());
    await Promise.all(recorded);
  }

  async flush(): Promise<void> {
    const rows = this.batch;
    if (rows.length > 0) {
      this.batch = [];
      this.bytes = 0;
      this.last = this.last.then(() => this.record(rows));
    }
    await this.last;
  }
}

/** Items in events of at most `rowsPerEvent` and 256 KiB; one that is empty where there are none. */
export const batchesOf = <T>(items: readonly T[]): readonly (readonly T[])[] => {
  let [batch, bytes]: [T[], number] = [[], 0];
  const batches = [batch];
  for (const item of items) {
    const more = Buffer.byteLength(JSON.stringify(item));
    if (batch.length === rowsPerEvent || (batch.length > 0 && bytes + more > maxBatchBytes)) {
      [batch, bytes] = [[], 0];
      batches.push(batch);
    }
    batch.push(item);
    bytes += more;
  }
  return batches;
};

const bounded = (outcome: RowOutcome): RowOutcome => {
  const { problems } = outcome;
  if (!problems || problems.length <= maxProblems) return outcome;
  const more = `has ${String(problems.length - maxProblems + 1)} more problems`;
  const last = { column: '', reason: more, raw: '' };
  return { ...outcome, problems: [...problems.slice(0, maxProblems - 1), last] };
};
