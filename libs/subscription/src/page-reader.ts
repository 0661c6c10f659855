import type { EventLog, Page, Position, StoredEvent } from '#event-log/event-log.js';
import { sizeOf } from '#event-log/event-size.js';
import type { LogTail } from '#event-log/log-tail.js';

export interface PageLimits {
  /** Events of one batch. */
  readonly maxEvents: number;
  /** Bytes of one batch, as JSON, estimated. */
  readonly maxBytes: number;
}

/**
 * Hands out the log in batches. Follows the shared tail while it keeps what comes next; behind it, or
 * without one, reads pages of its own, the next one while the last is being applied.
 */
export class PageReader {
  private cursor: Position | undefined;
  private ahead: { readonly after: Position | undefined; readonly page: Promise<Page> } | undefined;
  private limit: number;
  private ended = false;

  constructor(
    private readonly log: Pick<EventLog, 'readAll'>,
    private readonly tail: Pick<LogTail, 'after'> | undefined,
    private readonly limits: PageLimits,
  ) {
    this.limit = limits.maxEvents;
  }

  /** How far the log was read, system events included. */
  get position(): Position | undefined {
    return this.cursor;
  }

  /** Whether the log, or the tail, held nothing more when what was handed out last was read from it. */
  get atEnd(): boolean {
    return this.ended;
  }

  /** Goes on after `position`. */
  seek(position: Position | undefined): void {
    this.cursor = position;
    this.ahead = undefined;
  }

  /** The next events, at least one; none when the end of the log is reached. */
  async next(): Promise<readonly StoredEvent[]> {
    for (;;) {
      const kept = this.tail?.after(this.cursor, this.limit);
      if (kept) {
        this.ahead = undefined;
        this.ended = kept.length < this.limit;
        this.cursor = kept.at(-1)?.position ?? this.cursor;
        return kept;
      }
      const page = await this.page();
      this.cursor = page.next ?? this.cursor;
      this.ended = page.atEnd;
      if (!page.atEnd) this.ahead = this.read();
      this.fit(page.events);
      if (page.events.length > 0 || page.atEnd) return page.events;
    }
  }

  private async page(): Promise<Page> {
    const { ahead } = this;
    this.ahead = undefined;
    return (ahead && ahead.after === this.cursor ? ahead : this.read()).page;
  }

  private read(): { after: Position | undefined; page: Promise<Page> } {
    const after = this.cursor;
    const page = this.log.readAll({ limit: this.limit, ...(after && { after }) });
    // It may fail before anybody awaits it: the failure is then reported to whoever does.
    page.catch(() => undefined);
    return { after, page };
  }

  /** The log is read by a number of events; how many bytes they are is known only afterwards. */
  private fit(events: readonly StoredEvent[]): void {
    const bytes = estimateBytes(events);
    if (bytes > this.limits.maxBytes) this.limit = Math.max(1, Math.floor(this.limit / 2));
    else if (bytes * 2 < this.limits.maxBytes) {
      this.limit = Math.min(this.limits.maxEvents, this.limit * 2);
    }
  }
}

const estimateBytes = (events: readonly StoredEvent[]): number => {
  let bytes = 0;
  for (const event of events) bytes += sizeOf(event);
  return bytes;
};
