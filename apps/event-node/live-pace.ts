import { consumerTooSlow } from './failure.js';
import type { Node } from './node.js';

/** How many events a live subscriber may leave untaken, as on a real server. */
const LIVE_BUFFER = 32;
/** A live subscriber that takes no message for this long, while one waits for it, counts as slow. */
const SLOW_TIMEOUT_MS = 1_000;

/**
 * Whether a live subscriber keeps up. A real server drops one whose buffer of 32 events is full, which
 * happens in any burst; the node drops one only if it has also taken nothing for a second. Time in which
 * the node has nothing to give does not count. Either way, the subscriber has to resume after the last
 * event that it got.
 */
export class LivePace {
  private live = false;
  /** Messages that were sent and not taken yet. */
  private untaken = 0;
  /** Since when the subscriber has left one of them untaken, and taken no other. */
  private since = 0;
  private hasStalled = false;

  constructor(private readonly node: Pick<Node, 'asServer'>) {}

  /** Marks the end of catching up; true when it was not live before. */
  goesLive(): boolean {
    const before = this.live;
    this.live = true;
    return !before;
  }

  /** A message is given to the transport. */
  readonly sends = (): void => {
    if (this.untaken === 0) this.since = performance.now();
    this.untaken += 1;
  };

  /** The subscriber has taken the oldest message that it was sent. */
  readonly taken = (): void => {
    this.untaken -= 1;
    const now = performance.now();
    this.hasStalled ||= now - this.since >= SLOW_TIMEOUT_MS;
    this.since = now;
  };

  /** Called between two sendings. Throws ABORTED when more than the buffer holds is waiting. */
  check(waiting: number): void {
    const isSlow = this.hasStalled || this.node.asServer;
    if (this.live && waiting > LIVE_BUFFER && isSlow) throw consumerTooSlow();
    this.hasStalled = false;
  }
}
