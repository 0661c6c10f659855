import { LRUCache } from 'lru-cache';

import type { EventLog, Position, StoredEvent } from '#event-log/event-log.js';
import { isAfter } from '#event-log/position.js';
import type { ReadEvent } from '#event-log/reading.js';
import type { DomainEvent, EventMetadata } from '#kernel/event.js';

/** A stream after one of its events. `state` is null before the thing exists. */
export interface Version<S> {
  readonly revision: bigint;
  readonly position: Position;
  /** When the store wrote the event. */
  readonly created: Date;
  /** As it was stored. */
  readonly type: string;
  /** In the newest shape of the event. */
  readonly data: StoredEvent['data'];
  readonly metadata: EventMetadata;
  readonly state: S | null;
}

export interface Folding<S, E extends DomainEvent> {
  readonly streamOf: (id: string) => string;
  /** The event in its newest shape; null for one that says nothing of the state. */
  readonly read: (stored: StoredEvent) => ReadEvent<E> | null;
  /** The state after one more event. */
  readonly evolve: (state: S | null, id: string, event: E) => S | null;
}

/** What a version keeps besides the event's data: metadata, and what its state does not share with the one before. */
const overheadBytes = 1_500;

interface Fold<S> {
  readonly versions: readonly Version<S>[];
  readonly bytes: number;
}

const nothing = { versions: [], bytes: 1 };

/**
 * The versions of the streams of one category, kept in memory up to a size.
 *
 * Each call reads the stream on from the last version that is kept, so that an answer is never older
 * than the call; what was folded once is neither read nor folded again.
 */
export class StreamFolds<S, E extends DomainEvent> {
  private readonly cache: LRUCache<string, Fold<S>>;

  constructor(
    private readonly log: Pick<EventLog, 'readStream'>,
    private readonly folding: Folding<S, E>,
    maxBytes = 64 * 1024 * 1024,
  ) {
    this.cache = new LRUCache({ maxSize: maxBytes, sizeCalculation: ({ bytes }) => bytes });
  }

  /** Every version of the stream, oldest first; none where there is no such stream. */
  async versions(id: string): Promise<readonly Version<S>[]> {
    const kept: Fold<S> = this.cache.get(id) ?? nothing;
    const last = kept.versions.at(-1);
    const from = last ? last.revision + 1n : 0n;
    const news: StoredEvent[] = [];
    for await (const event of this.log.readStream(this.folding.streamOf(id), { from })) {
      news.push(event);
    }
    if (news.length === 0) return kept.versions;
    const fold = this.foldOn(id, kept, news);
    // Another call may have kept more meanwhile.
    const now = this.cache.peek(id)?.versions.length ?? 0;
    if (fold.versions.length > now) this.cache.set(id, fold);
    return fold.versions;
  }

  /** The version in force at a position of the log; undefined before the stream's first event. */
  async at(id: string, position: Position): Promise<Version<S> | undefined> {
    return lastUpTo(await this.versions(id), position);
  }

  private foldOn(id: string, kept: Fold<S>, news: readonly StoredEvent[]): Fold<S> {
    const versions = [...kept.versions];
    let { bytes } = kept;
    let state: S | null = versions.at(-1)?.state ?? null;
    for (const stored of news) {
      const event = this.folding.read(stored);
      if (event) state = this.folding.evolve(state, id, event);
      const { revision, position, created, type, metadata } = stored;
      const { data } = event ?? stored;
      versions.push({ revision, position, created, type, data, metadata, state });
      bytes += JSON.stringify(data).length + overheadBytes;
    }
    return { versions, bytes };
  }
}

const lastUpTo = <S>(
  versions: readonly Version<S>[],
  position: Position,
): Version<S> | undefined => {
  let low = 0;
  let high = versions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const version = versions[middle];
    if (version && !isAfter(version.position, position)) low = middle + 1;
    else high = middle;
  }
  return versions[low - 1];
};
