import { consumerTooSlow } from './failure.js';
import type { Node } from './node.js';

/** How many events a live subscriber may leave untaken, as on a real server. */
const LIVE_BUFFER = 32;
/** How long it may take for what was sent before it counts as slow. */
const PATIENCE_MS = 1_000;

/**
 * Whether a live subscriber keeps up. A real server drops one whose buffer of 32 events is full, which
 * happens in any burst; the node drops one that besides has taken nothing for a second. To resume after
 * the last event is the subscriber's part in both cases.
 */
export class LivePace {
  private live = false;
  /** Since when the subscriber has been sent events. */
  private since = performance.now();
  private readonly patienceMs: number;

  constructor({ asServer }: Pick<Node, 'asServer'>) {
    this.patienceMs = asServer ? 0 : PATIENCE_MS;
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
    if (this.live && waiting > LIVE_BUFFER && now - this.since >= this.patienceMs) {
      throw consumerTooSlow();
    }
    this.since = now;
  }
}
