import type { AllStreamSubscription, RecordedEvent } from '@eventstore/db-client';

import { isAborted, readError } from './esdb-errors.js';
import { type AllSubscription, LogUnavailable, type Position } from './event-log.js';

type Resolved = Parameters<typeof positionOf>[0] & { readonly event?: RecordedEvent };

/**
 * Follows `$all` over one subscription at a time. A server drops a live subscriber that a burst finds too
 * slow (`ABORTED`, "consumer too slow"); that is no outage, so the next subscription begins at once after
 * the last event that was taken. Without an event in between it is one, and ends the following.
 */
export class AllFollower implements AllSubscription {
  readonly ended: Promise<Error | undefined>;
  private current: AllStreamSubscription;
  private stopped = false;
  /** The connection was given up. */
  private abandoned = false;

  constructor(
    private readonly open: (after: Position | undefined) => AllStreamSubscription,
    private last: Position | undefined,
    private readonly onEvent: (event: RecordedEvent, position: Position) => void | Promise<void>,
  ) {
    this.current = open(last);
    this.ended = this.run();
  }

  get isStopped(): boolean {
    return this.stopped;
  }

  stop(): void {
    this.stopped = true;
    this.current.destroy();
    this.cancel();
  }

  /** The connection was given up: the client itself would end the subscription in silence. */
  destroy(error: Error): void {
    this.abandoned = true;
    this.current.destroy(error);
  }

  /** Ends the call: the client leaves it open when its stream is destroyed, and a connection has 100. */
  private cancel(): void {
    void this.current.unsubscribe().catch(() => undefined);
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
      for await (const resolved of this.current) await this.take(resolved);
      return false;
    } catch (error) {
      this.cancel();
      const isOver = this.stopped || this.abandoned || this.last === last;
      if (isOver || !isAborted(error)) throw error;
      return true;
    }
  }

  private async take(resolved: Resolved): Promise<void> {
    const position = positionOf(resolved);
    if (resolved.event) await this.onEvent(resolved.event, position);
    this.last = position;
  }
}

/** Where an event or link stands in `$all`. Throws `LogUnavailable` where the server left that out. */
export const positionOf = (resolved: {
  readonly event?: { readonly position?: Position } | undefined;
  readonly link?: { readonly position?: Position } | undefined;
}): Position => {
  // A link's own place is where it stands in `$all`.
  const position = (resolved.link ?? resolved.event)?.position;
  if (!position) throw new LogUnavailable('the event store sent an event without a position');
  return position;
};
