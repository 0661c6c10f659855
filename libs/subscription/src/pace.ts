import { perStore } from './per-store.js';

/**
 * Moments at which all who wait go on together, so that what they do can share a statement or a
 * transaction. Whoever waits first sets the clock, the others join.
 */
export class Pace {
  private readonly waiting = new Set<() => void>();
  private timer: NodeJS.Timeout | undefined;

  /** Resolves at the next moment, `ms` from now at the latest, or when `signal` aborts. */
  next(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        this.waiting.delete(done);
        if (this.waiting.size === 0) this.clear();
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
      this.waiting.add(done);
      this.timer ??= setTimeout(() => {
        this.wake();
      }, ms);
    });
  }

  /** The next moment is now. */
  wake(): void {
    this.clear();
    for (const done of [...this.waiting]) done();
  }

  private clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}

/** Between two batches at the end of the log, in milliseconds; see `LogSourceOptions.gatherMs`. */
export const gatherMs = 50;

/** When the followers of a process take what was gathered. */
export const gatherPace = perStore(() => new Pace());

/** When the subscriptions of a process look at their tables. */
export const pollPace = perStore(() => new Pace());
