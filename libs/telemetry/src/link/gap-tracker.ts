import { LRUCache } from 'lru-cache';

import type { EventLog } from '#event-log/event-log.js';
import { wallNow } from '#kernel/wall-clock.js';

import { type Message, samplesStream, type Seen } from '../samples/events.js';
import type { Gap } from './decider.js';

/** Sessions of one device whose numbers are followed. */
const maxSessions = 16;
const dayMs = 86_400_000;
/** Of a longer gap the newest numbers are missed: nobody left out more, and a number that was never counted may be anything. */
const longestGap = 100_000;

/** The highest number of each session, the newest session last. */
type Progress = ReadonlyMap<string, number>;

/**
 * Follows the numbers of each session. It begins with what the newest samples of today and yesterday say;
 * of a session that it does not know, the first number that comes is the first.
 */
export class GapTracker {
  private readonly devices = new LRUCache<string, Progress>({ max: 10_000 });

  constructor(private readonly log: EventLog) {}

  /** Whether nothing of the device has come here before. */
  isNew(device: string): boolean {
    return !this.devices.has(device);
  }

  async load(device: string): Promise<void> {
    if (this.devices.has(device)) return;
    const progress = new Map<string, number>();
    for (const at of [wallNow() - dayMs, wallNow()]) {
      const stream = samplesStream(device, new Date(at).toISOString().slice(0, 10));
      for await (const { data } of this.log.readStream(stream, {
        direction: 'backwards',
        limit: 1,
      })) {
        for (const { session, last } of (data['seen'] as Seen).sessions) {
          progress.set(session, Math.max(progress.get(session) ?? 0, last));
        }
      }
    }
    this.devices.set(device, progress);
  }

  /** What these messages, which come next, leave out. */
  gaps(device: string, messages: readonly Message[]): Gap[] {
    const highest = new Map(this.devices.get(device));
    const gaps: Gap[] = [];
    for (const { session, seq } of messages) {
      const before = highest.get(session);
      if (before !== undefined && seq > before + 1)
        gaps.push({ session, from: Math.max(before + 1, seq - longestGap), to: seq - 1 });
      highest.set(session, Math.max(before ?? seq, seq));
    }
    return gaps;
  }

  /** Those that come after later ones of their session. */
  late(device: string, messages: readonly Message[]): Message[] {
    const highest = this.devices.get(device);
    return messages.filter(({ session, seq }) => seq <= (highest?.get(session) ?? -1));
  }

  /** These are durable. */
  took(device: string, messages: readonly Message[]): void {
    const highest = new Map(this.devices.get(device));
    for (const { session, seq } of messages) {
      const now = Math.max(highest.get(session) ?? seq, seq);
      highest.delete(session);
      highest.set(session, now);
    }
    this.devices.set(device, new Map([...highest].slice(-maxSessions)));
  }
}
