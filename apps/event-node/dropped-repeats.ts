import type { WriteOutcome } from './write-request.js';

/** More would be held for callers that ask for no end of repeats. */
const MAX_DROPPED = 10_000;

interface Dropped {
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  readonly done: (outcome: WriteOutcome) => void;
}

/** Repeats of appends that were not committed when they came: answered when their time is up. */
export class DroppedRepeats {
  private readonly waiting = new Set<Dropped>();

  /** Keeps what the time-out needs, and not the events; of too many, the oldest has no time left. */
  add({ deadline, done }: Dropped): void {
    this.waiting.add({ deadline, done });
    const [oldest] = this.waiting;
    if (this.waiting.size > MAX_DROPPED && oldest !== undefined) this.end([oldest]);
  }

  /** Answers those whose time is up. */
  expire(now: number): void {
    this.end([...this.waiting].filter(({ deadline }) => deadline <= now));
  }

  /** Answers all of them, whatever time they have left. */
  endAll(): void {
    this.end([...this.waiting]);
  }

  private end(over: readonly Dropped[]): void {
    for (const dropped of over) {
      this.waiting.delete(dropped);
      dropped.done({ kind: 'timeout' });
    }
  }
}
