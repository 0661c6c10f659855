import { isAborted, readError } from './esdb-errors.js';
import {
  type AllSubscription,
  LogUnavailable,
  type Position,
  type StoredEvent,
} from './event-log.js';
import type { ReadCall } from './read-call.js';
import type { Answer } from './wire-event.js';

/**
 * Follows `$all` over one subscription at a time. A server drops a live subscriber that a burst finds too
 * slow (`ABORTED`, "consumer too slow"); that is no outage, so the next subscription begins at once after
 * the last event that was taken. Without an event in between it is one, and ends the following.
 */
export class AllFollower implements AllSubscription {
  readonly ended: Promise<Error | undefined>;
  private current: ReadCall;
  private stopped = false;
  /** The connection was given up. */
  private abandoned = false;

  constructor(
    private readonly open: (after: Position | undefined) => ReadCall,
    private last: Position | undefined,
    private readonly onEvent: (event: StoredEvent) => void | Promise<void>,
  ) {
    this.current = open(last);
    this.ended = this.run();
  }

  get isStopped(): boolean {
    return this.stopped;
  }

  stop(): void {
    this.stopped = true;
    this.current.breakOff(new LogUnavailable('the subscription was stopped'));
  }

  /** The connection was given up. */
  destroy(error: Error): void {
    this.abandoned = true;
    this.current.breakOff(error);
  }

  private async run(): Promise<Error | undefined> {
    try {
      while (await this.isDropped()) this.current = this.open(this.last);
      return undefined;
    } catch (error) {
      return readError(error);
    }
  }

  /** Takes what comes, to its end; true where the server drops the reader as too slow. Throws what else ends it. */
  private async isDropped(): Promise<boolean> {
    const { last } = this;
    try {
      for await (const entry of this.current.entries()) {
        const position = positionOf(entry);
        const working = entry.event && this.onEvent(entry.event);
        if (working) await working;
        this.last = position;
      }
      return false;
    } catch (error) {
      // A connection has 100 calls, and one whose reader has failed stays open.
      this.current.cancel();
      const isOver = this.stopped || this.abandoned || this.last === last;
      if (isOver || !isAborted(error)) throw error;
      return true;
    }
  }
}

/** Where an entry stands in `$all`. Throws `LogUnavailable` where the server sent neither event nor link. */
export const positionOf = ({ position }: Answer): Position => {
  if (!position) throw new LogUnavailable('the event store sent an event without a position');
  return position;
};
