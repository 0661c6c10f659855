import type { EventLog, Position, StoredEvent } from '#event-log/event-log.js';
import { type Anchor, type Follower, LogCheck } from '#event-log/log-check.js';
import type { LogTail } from '#event-log/log-tail.js';

import { type PageLimits, PageReader } from './page-reader.js';

/** Where a follower stands in the log. */
export interface Place {
  /** Through here it was read. */
  readonly position: Position | undefined;
  /** The last event that was taken. */
  readonly anchor: Anchor | undefined;
}

/**
 * A `PageReader` for those whose place in the log outlives the process: of a log that does not hold what
 * they took last it hands out nothing.
 */
export class CheckedReader {
  private readonly pages: PageReader;
  private readonly check: LogCheck;
  private stands: Place = { position: undefined, anchor: undefined };

  /** `recognised` is called whenever the log was found to be the right one. */
  constructor(
    log: Pick<EventLog, 'readAll' | 'epoch' | 'idAt' | 'head'>,
    tail: Pick<LogTail, 'after'> | undefined,
    limits: PageLimits,
    follower: Follower,
    private readonly recognised: () => Promise<void> = () => Promise.resolve(),
  ) {
    this.pages = new PageReader(log, tail, limits);
    this.check = new LogCheck(log, follower);
  }

  /** Where the follower stands, as it said. */
  get place(): Place {
    return this.stands;
  }

  /** How far the log was read, system events included. */
  get position(): Position | undefined {
    return this.pages.position;
  }

  /** As `PageReader.atEnd`. */
  get atEnd(): boolean {
    return this.pages.atEnd;
  }

  /** Goes on behind `place`. Throws `LogReplaced`, and what the log says. */
  async seek(place: Place): Promise<void> {
    this.stands = place;
    await this.recognise();
  }

  /** The follower has come to stand at `place`. */
  took(place: Place): void {
    this.stands = place;
  }

  shrink(): void {
    this.pages.shrink();
  }

  /** As `PageReader.next`. Throws `LogReplaced`, and what the log says. */
  async next(): Promise<readonly StoredEvent[]> {
    for (;;) {
      if (!this.check.isCurrent) await this.recognise();
      const events = await this.pages.next();
      // Else they may have come from either log.
      if (this.check.isCurrent) return events;
    }
  }

  private async recognise(): Promise<void> {
    const { position, anchor } = this.stands;
    await this.check.run(anchor ? [anchor] : []);
    await this.recognised();
    this.pages.seek(position);
  }
}
