import type { RecordedEvent } from './event.js';
import { type LogPage, PAGE_BYTES } from './read-log.js';

const MAX_EVENTS = 20_000;
const MAX_BYTES = 32 * 1024 * 1024;
const OVERHEAD_BYTES = 300;

const sizeOf = (event: RecordedEvent): number =>
  event.data.byteLength + event.metadata.byteLength + OVERHEAD_BYTES;

/**
 * The end of the log in memory, bounded in events and bytes.
 *
 * Subscribers are cursors over it; one that lags behind what is kept reads from the database, so
 * that a slow reader holds no more than the page that it is at.
 */
export class RecentEvents {
  private events: (RecordedEvent | undefined)[] = [];
  private start = 0;
  private bytes = 0;
  private floor: bigint;
  private last: bigint;
  private waiting = new Set<() => void>();

  constructor(head: bigint) {
    this.floor = head;
    this.last = head;
  }

  /** Position of the newest committed event, 0 while there is none. */
  get head(): bigint {
    return this.last;
  }

  push(events: readonly RecordedEvent[]): void {
    for (const event of events) {
      this.events.push(event);
      this.bytes += sizeOf(event);
      this.last = event.position;
    }
    this.evict();
    const waiting = this.waiting;
    this.waiting = new Set();
    for (const wake of waiting) wake();
  }

  /**
   * A page after `position`, bounded as one from the database: up to `limit` events, until they
   * hold more than `PAGE_BYTES`. Undefined when some of those are not kept any more.
   */
  after(position: bigint, limit: number): LogPage | undefined {
    if (position < this.floor) return undefined;
    const events: RecordedEvent[] = [];
    let index = position < this.last ? this.indexAfter(position) : this.events.length;
    let bytes = 0;
    while (events.length < limit && bytes < PAGE_BYTES) {
      const event = this.events[index];
      if (event === undefined) break;
      events.push(event);
      bytes += event.data.byteLength + event.metadata.byteLength;
      index += 1;
    }
    return { events, complete: index === this.events.length };
  }

  /** How many events lie after `position`; infinitely many when some of them are not kept any more. */
  countAfter(position: bigint): number {
    if (position < this.floor) return Infinity;
    return position < this.last ? this.events.length - this.indexAfter(position) : 0;
  }

  /** Resolves when there is something after `position`, or when `signal` aborts. */
  async changed(position: bigint, signal: AbortSignal): Promise<void> {
    if (this.last > position || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  private indexAfter(position: bigint): number {
    let low = this.start;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.events[middle]?.position ?? 0n) > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  private evict(): void {
    while (this.events.length - this.start > MAX_EVENTS || this.bytes > MAX_BYTES) {
      const oldest = this.events[this.start];
      if (oldest === undefined) break;
      this.floor = oldest.position;
      this.bytes -= sizeOf(oldest);
      this.events[this.start] = undefined;
      this.start += 1;
    }
    if (this.start < MAX_EVENTS) return;
    this.events = this.events.slice(this.start);
    this.start = 0;
  }
}
