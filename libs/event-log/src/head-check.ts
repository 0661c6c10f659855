import { setTimeout as sleep } from 'node:timers/promises';

import type { EventLog, Position } from './event-log.js';
import type { LogTail } from './log-tail.js';
import { SharedReads } from './shared-reads.js';

/** A check that follows another one at once waits so long for others to share it. */
const companyMs = 2;
/** How long the tail may take for what the log was found to hold. */
const patienceMs = 20;
/** After it took longer, nobody waits for it for so long: the newest entries may be such as are not delivered. */
const vainMs = 1_000;

/**
 * Whether the tail has delivered all that the log holds, so that whoever keeps what the tail delivers
 * need not read it again. One look at the head of the log answers for all who ask in one moment.
 */
export class HeadCheck {
  private readonly looks = new SharedReads<Position | undefined>();
  private endedAt = -Infinity;
  private vainUntil = -Infinity;

  constructor(
    private readonly log: Pick<EventLog, 'head'>,
    private readonly tail: Pick<LogTail, 'run' | 'has' | 'reaches'>,
  ) {}

  /**
   * The run of the tail in which it has delivered everything that was in the log at the call; undefined
   * where it has not, or that cannot be told. Rejects where the log does not answer.
   */
  async caughtUp(): Promise<object | undefined> {
    const { run } = this.tail;
    if (!run) return undefined;
    const head = await this.looks.read('head', () => this.look());
    const isDelivered = head === undefined || (await this.delivered(head));
    return isDelivered && this.tail.run === run ? run : undefined;
  }

  private async look(): Promise<Position | undefined> {
    const earlyMs = this.endedAt + companyMs - performance.now();
    if (earlyMs > 0) await sleep(earlyMs);
    try {
      return await this.log.head();
    } finally {
      this.endedAt = performance.now();
    }
  }

  private async delivered(head: Position): Promise<boolean> {
    const now = performance.now();
    const isVain = !this.tail.has(head) && now < this.vainUntil;
    if (isVain) return false;
    if (await this.tail.reaches(head, patienceMs)) return true;
    this.vainUntil = now + patienceMs + vainMs;
    return false;
  }
}
