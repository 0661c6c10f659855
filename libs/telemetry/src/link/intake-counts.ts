import { randomUUID } from 'node:crypto';

import { LRUCache } from 'lru-cache';

import { isForNow } from '#device-link/inbox.js';
import { Refusal } from '#kernel/refusal.js';

/** What changed nothing for one device in one minute. */
export interface IntakeCount {
  /** Of the command that records it: however often that is tried, it counts once. */
  readonly commandId: string;
  readonly device: string;
  readonly minute: string;
  duplicates: number;
  rejected: number;
  readonly reasons: Map<string, number>;
}

const minuteMs = 60_000;
/** Counts that are held for a log that cannot take them. */
const maxHeld = 10_000;

/** Counts what is not recorded message by message, by device, until it is recorded once a minute. */
export class IntakeCounts {
  private readonly counts = new LRUCache<string, IntakeCount>({ max: maxHeld });
  private held: readonly IntakeCount[] = [];

  constructor(private readonly now: () => number) {}

  duplicate(device: string, messages: number): void {
    this.of(device).duplicates += messages;
  }

  reject(device: string, reason: string): void {
    const count = this.of(device);
    count.rejected += 1;
    count.reasons.set(reason, (count.reasons.get(reason) ?? 0) + 1);
  }

  /** Records what was counted since the last time; what `record` rejects is tried again the next time. */
  async flush(record: (count: IntakeCount) => Promise<unknown>): Promise<void> {
    const all = [...this.held, ...this.counts.values()];
    this.counts.clear();
    const left: IntakeCount[] = [];
    for (const [index, count] of all.entries()) {
      try {
        await record(count);
      } catch (error) {
        left.push(count);
        if (!(error instanceof Refusal) || !isForNow(error)) continue;
        // Each of the others would wait for as long, and who stops waits for them all.
        left.push(...all.slice(index + 1));
        break;
      }
    }
    this.held = left.slice(-maxHeld);
  }

  private of(device: string): IntakeCount {
    const known = this.counts.get(device);
    if (known) return known;
    const minute = new Date(Math.floor(this.now() / minuteMs) * minuteMs).toISOString();
    const nothing = { duplicates: 0, rejected: 0, reasons: new Map<string, number>() };
    const fresh = { commandId: randomUUID(), device, minute, ...nothing };
    this.counts.set(device, fresh);
    return fresh;
  }
}
