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

interface Reached {
  readonly seq: number;
  /** Read from the log, which has the numbers of samples alone: what follows may have come with another message. */
  readonly isOfSamples?: true;
}

/** The highest number of each session, the newest session last. */
type Progress = ReadonlyMap<string, Reached>;

/** What messages leave out. */
export interface LeftOut {
  readonly missed: readonly Gap[];
  /** May have come to another process, or to this one before it was started anew. */
  readonly doubtful: readonly Gap[];
}

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
    const progress = new Map<string, Reached>();
    for (const at of [wallNow() - dayMs, wallNow()]) {
      const stream = samplesStream(device, new Date(at).toISOString().slice(0, 10));
      for await (const { data } of this.log.readStream(stream, {
        direction: 'backwards',
        limit: 1,
      })) {
        for (const { session, last } of (data['seen'] as Seen).sessions) {
          const seq = Math.max(progress.get(session)?.seq ?? 0, last);
          progress.set(session, { seq, isOfSamples: true });
        }
      }
    }
    this.devices.set(device, progress);
  }

  /** What these messages, which come next, leave out. */
  gaps(device: string, messages: readonly Message[]): LeftOut {
    const reached = new Map(this.devices.get(device));
    for (const { session, seq } of messages)
      if (!reached.has(session)) reached.set(session, { seq });
    const [missed, doubtful]: [Gap[], Gap[]] = [[], []];
    // A number that comes behind a higher one of the same messages is not left out.
    for (const { session, seq } of messages.toSorted((one, other) => one.seq - other.seq)) {
      const before = reached.get(session);
      if (before && seq > before.seq + 1) {
        const gap = { session, from: Math.max(before.seq + 1, seq - longestGap), to: seq - 1 };
        (before.isOfSamples ? doubtful : missed).push(gap);
      }
      if (!before || seq > before.seq) reached.set(session, { seq });
    }
    return { missed, doubtful };
  }

  /** Those that come after later ones of their session. */
  late(device: string, messages: readonly Message[]): Message[] {
    const reached = this.devices.get(device);
    return messages.filter(({ session, seq }) => seq <= (reached?.get(session)?.seq ?? -1));
  }

  /** These are durable. */
  took(device: string, messages: readonly Message[]): void {
    const reached = new Map(this.devices.get(device));
    for (const { session, seq } of messages) {
      const before = reached.get(session);
      reached.delete(session);
      reached.set(session, before && before.seq >= seq ? before : { seq });
    }
    this.devices.set(device, new Map([...reached].slice(-maxSessions)));
  }
}
