import { consumerTooSlow } from './failure.js';
import type { Node } from './node.js';

/** How many events a live subscriber may leave untaken, as on a real server. */
const LIVE_BUFFER = 32;
/** A live subscriber that takes nothing for this long counts as slow. */
const SLOW_TIMEOUT_MS = 1_000;

/**
 * Whether a live subscriber keeps up. A real server drops one whose buffer of 32 events is full, which
 * happens in any burst; the node drops one only if it has also taken nothing for a second. Either way, the
 * subscriber has to resume after the last event that it got.
 */
export class LivePace {
  private live = false;
  /** Since when the subscriber has been sent events. */
  private since = performance.now();
  private readonly timeoutMs: number;

  constructor({ asServer }: Pick<Node, 'asServer'>) {
    this.timeoutMs = asServer ? 0 : SLOW_TIMEOUT_MS;
  }

  /** Marks the end of catching up; true when it was not live before. */
  goesLive(): boolean {
    const before = this.live;
    this.live = true;
    return !before;
  }

  /** The subscriber had taken everything, and something new came. */
  start(): void {
    this.since = performance.now();
  }

  /** Called between two sendings. Throws ABORTED when more than the buffer holds is waiting. */
  check(waiting: number): void {
    const now = performance.now();
    if (this.live && waiting > LIVE_BUFFER && now - this.since >= this.timeoutMs) {
      throw consumerTooSlow();
    }
    this.since = now;
  }
}
