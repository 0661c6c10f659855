import { LRUCache } from 'lru-cache';

/** What changed nothing for one device in one minute. */
export interface IntakeCount {
  readonly device: string;
  readonly minute: string;
  duplicates: number;
  rejected: number;
  readonly reasons: Map<string, number>;
}

const minuteMs = 60_000;

/** Counts what is not recorded message by message, by device, until it is taken out once a minute. */
export class IntakeCounts {
  private readonly counts = new LRUCache<string, IntakeCount>({ max: 10_000 });

  constructor(private readonly now: () => number) {}

  duplicate(device: string, messages: number): void {
    this.of(device).duplicates += messages;
  }

  reject(device: string, reason: string): void {
    const count = this.of(device);
    count.rejected += 1;
    count.reasons.set(reason, (count.reasons.get(reason) ?? 0) + 1);
  }

  /** What was counted since the last time. */
  drain(): IntakeCount[] {
    const all = [...this.counts.values()];
    this.counts.clear();
    return all;
  }

  private of(device: string): IntakeCount {
    const known = this.counts.get(device);
    if (known) return known;
    const minute = new Date(Math.floor(this.now() / minuteMs) * minuteMs).toISOString();
    const fresh = { device, minute, duplicates: 0, rejected: 0, reasons: new Map() };
    this.counts.set(device, fresh);
    return fresh;
  }
}
