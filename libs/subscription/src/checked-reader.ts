import type { EventLog, Position, StoredEvent } from '#event-log/event-log.js';
import { type Anchor, LogCheck, type NamedFollower } from '#event-log/log-check.js';
import type { LogTail } from '#event-log/log-tail.js';

import { type PageLimits, PageReader } from './page-reader.js';

/** How far a follower has read the log. */
interface ReadThrough {
  /** Through here it was read. */
  readonly position: Position | undefined;
  /** The last event that was taken. */
  readonly anchor: Anchor | undefined;
}

/**
 * A `PageReader` for followers whose checkpoint outlives the process. Of a log that does not hold the last
 * event that they took, it returns nothing.
 */
export class CheckedReader {
  private readonly pages: PageReader;
  private readonly check: LogCheck;
  private read: ReadThrough = { position: undefined, anchor: undefined };

  /** `recognised` is called each time that the log is found to be the right one. */
  constructor(
    log: Pick<EventLog, 'readAll' | 'epoch' | 'idAt' | 'head'>,
    tail: Pick<LogTail, 'after'> | undefined,
    limits: PageLimits,
    follower: NamedFollower,
    private readonly recognised: () => Promise<void> = () => Promise.resolve(),
  ) {
    this.pages = new PageReader(log, tail, limits);
    this.check = new LogCheck(log, follower);
  }

  /** How far the log was read, system events included. */
  get position(): Position | undefined {
    return this.pages.position;
  }

  /** As `PageReader.atEnd`. */
  get atEnd(): boolean {
    return this.pages.atEnd;
  }

  /** Continues after `read`. Throws `LogReplaced`, and what the log fails by. */
  async seek(read: ReadThrough): Promise<void> {
    this.read = read;
    await this.recognise();
  }

  /** The follower has handled everything up to `read`. */
  took(read: ReadThrough): void {
    this.read = read;
  }

  /** As `PageReader.next`. Throws `LogReplaced`, and what the log fails by. */
  async next(): Promise<readonly StoredEvent[]> {
    for (;;) {
      if (!this.check.isCurrent) await this.recognise();
      const events = await this.pages.next();
      // Otherwise they may come from either log.
      if (this.check.isCurrent) return events;
    }
  }

  private async recognise(): Promise<void> {
    const { position, anchor } = this.read;
    await this.check.run(anchor ? [anchor] : []);
    await this.recognised();
    this.pages.seek(position);
  }
}
