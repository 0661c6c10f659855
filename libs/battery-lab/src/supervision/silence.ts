import { maxSilenceS } from '#cycling/protocol/messages.js';
import type { Unseen } from '#fanout/sight.js';

import type { Due } from './attended.js';
import { topics } from './grants.js';

/**
 * Judges which experiments are silent: those whose records this process would have seen for as long as they may stay away.
 * What stands still here, in PostgreSQL, at the log or at the relay says nothing of a unit, and begins that time anew: units
 * whose leases end meanwhile make safe by themselves, and no trip has to be reset.
 */
export class Silence {
  /** Since when the records of each experiment are seen without an interruption. */
  private seenSince: ReadonlyMap<string, number> = new Map();
  private judgedAt = -Infinity;

  constructor(
    /** For how many seconds records may stay away. */
    private readonly silentS: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** `unseen` as it was before the experiments were read: what was not seen then may still be on its way. */
  judge(all: readonly Due[], unseen: Unseen): ReadonlySet<string> {
    const now = this.now();
    const seenBefore =
      now - this.judgedAt > this.blindS * 1_000 ? new Map<string, number>() : this.seenSince;
    this.judgedAt = now;
    const seenSince = new Map<string, number>();
    const silent = new Set<string>();
    for (const { experimentId, isRunning, silentForS } of all) {
      const unseenS = unseen(topics.samples, experimentId) ?? Infinity;
      if (unseenS > this.blindS) continue;
      const since = seenBefore.get(experimentId) ?? now;
      seenSince.set(experimentId, since);
      const isSeen = now - since >= this.silentS * 1_000;
      if (isRunning && isSeen && silentForS > this.silentS + unseenS) silent.add(experimentId);
    }
    this.seenSince = seenSince;
    return silent;
  }

  /** A unit that works sends records so often that a shorter interruption hides none of them for too long. */
  private get blindS(): number {
    return Math.max(1, (this.silentS - maxSilenceS) / 2);
  }
}
