import type { Position, StoredEvent } from './event-log.js';
import { sizeOf } from './event-size.js';
import { comparePositions, isAfter } from './position.js';

interface Kept {
  readonly event: StoredEvent;
  readonly bytes: number;
}

/** The newest events of the log in memory, bounded in number and bytes. */
export class EventRing {
  private kept: Kept[] = [];
  private bytes = 0;
  /** Everything after this is kept. Undefined: the beginning of the log. */
  private base: Position | undefined;

  constructor(
    private readonly maxEvents: number,
    private readonly maxBytes: number,
  ) {}

  /** Forgets everything: what comes next lies after `base`. */
  beginAt(base: Position | undefined): void {
    this.base = base;
    this.kept = [];
    this.bytes = 0;
  }

  push(event: StoredEvent): void {
    const bytes = sizeOf(event);
    this.kept.push({ event, bytes });
    this.bytes += bytes;
    this.evict();
  }

  /** Up to `limit` events after `position`. Undefined when `position` lies before what is kept. */
  after(position: Position | undefined, limit: number): readonly StoredEvent[] | undefined {
    if (this.base && (!position || comparePositions(position, this.base) < 0)) return undefined;
    const from = this.indexAfter(position);
    return this.kept.slice(from, from + limit).map(({ event }) => event);
  }

  /** Cuts a quarter at a time, so that the cost per event stays constant. */
  private evict(): void {
    while (
      this.kept.length > this.maxEvents ||
      (this.bytes > this.maxBytes && this.kept.length > 1)
    ) {
      const gone = this.kept.splice(0, Math.ceil(this.kept.length / 4));
      for (const { bytes } of gone) this.bytes -= bytes;
      this.base = gone.at(-1)?.event.position ?? this.base;
    }
  }

  private indexAfter(position: Position | undefined): number {
    let low = 0;
    let high = this.kept.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const kept = this.kept[middle];
      if (kept && isAfter(kept.event.position, position)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
