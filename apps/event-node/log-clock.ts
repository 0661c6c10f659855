import { wallNow } from '#kernel/wall-clock.js';

import { TICKS_PER_MILLISECOND, ticksOfMilliseconds } from './event.js';

/** Less is a correction of the clock as it happens every day, and no news. */
const TOLERATED_MS = 1_000;

/** What an operator should know of the clock. */
export interface ClockObserver {
  /** The wall clock stands so far behind the newest event of the log. */
  readonly onBehind: (behindMs: number) => void;
  readonly onCaughtUp: () => void;
}

/**
 * The time at which events are created: the wall clock, which is corrected while the node runs and
 * jumps when a suspended machine wakes up, but never earlier than the event before. While the wall
 * clock stands behind the log, events get the time of the last one.
 */
export class LogClock {
  private behind = false;

  /** `last`: when the newest event of the log was created, in ticks; 0 while there is none. */
  constructor(
    private last: bigint,
    private readonly observer: ClockObserver,
    private readonly wallMs: () => number = wallNow,
  ) {
    this.next();
  }

  /** The time of the events that are decided now, in ticks. */
  next(): bigint {
    const now = ticksOfMilliseconds(this.wallMs());
    const behindMs = Number(this.last - now) / TICKS_PER_MILLISECOND;
    if (behindMs <= 0) this.last = now;
    this.note(behindMs);
    return this.last;
  }

  private note(behindMs: number): void {
    if (!this.behind && behindMs > TOLERATED_MS) {
      this.behind = true;
      this.observer.onBehind(Math.round(behindMs));
    } else if (this.behind && behindMs <= 0) {
      this.behind = false;
      this.observer.onCaughtUp();
    }
  }
}
