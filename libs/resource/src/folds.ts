import { LRUCache } from 'lru-cache';

import type { EventLog, Position, StoredEvent } from '#event-log/event-log.js';
import { isAfter } from '#event-log/position.js';
import { newest } from '#event-log/reading.js';
import type { EventTypes } from '#kernel/decider.js';
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

/** How the streams of a category are folded into what a resource shows. */
export interface Folding<S, E extends DomainEvent = DomainEvent> {
  readonly streamOf: (id: string) => string;
  /** The decider of the category: it reads events in their newest shape. */
  readonly types: EventTypes<E>;
  /** The state after one more event. */
  evolve(state: S | null, id: string, event: E): S | null;
}

/** What a version keeps besides the event's data: metadata, and what its state does not share with the one before. */
const overheadBytes = 1_500;

interface Fold<S> {
  readonly folding: Folding<S>;
  readonly versions: readonly Version<S>[];
  readonly bytes: number;
}

/**
 * The versions of streams, kept in memory up to a size.
 *
 * Each call reads the stream on from the last version that is kept, so that an answer is never older
 * than the call; what was folded once is neither read nor folded again.
 */
export class Folds {
  private readonly cache: LRUCache<string, Fold<unknown>>;

  constructor(
    private readonly log: Pick<EventLog, 'readStream'>,
    maxBytes = 128 * 1024 * 1024,
  ) {
    this.cache = new LRUCache({ maxSize: maxBytes, sizeCalculation: ({ bytes }) => bytes });
  }

  /** Every version of the stream, oldest first; none where there is no such stream. */
  async versions<S>(folding: Folding<S>, id: string): Promise<readonly Version<S>[]> {
    const stream = folding.streamOf(id);
    const kept = this.keptOf(folding, this.cache.get(stream));
    const last = kept.versions.at(-1);
    const news: StoredEvent[] = [];
    for await (const event of this.log.readStream(stream, {
      from: last ? last.revision + 1n : 0n,
    })) {
      news.push(event);
    }
    if (news.length === 0) return kept.versions;
    const fold = foldOn(kept, id, news);
    // Another call may have kept more meanwhile.
    const now = this.keptOf(folding, this.cache.peek(stream)).versions.length;
    if (fold.versions.length > now) this.cache.set(stream, fold);
    return fold.versions;
  }

  /** The version in force at a position of the log; undefined before the stream's first event. */
  async at<S>(
    folding: Folding<S>,
    id: string,
    position: Position,
  ): Promise<Version<S> | undefined> {
    return lastUpTo(await this.versions(folding, id), position);
  }

  private keptOf<S>(folding: Folding<S>, kept: Fold<unknown> | undefined): Fold<S> {
    return kept?.folding === folding
      ? (kept as unknown as Fold<S>)
      : { folding, versions: [], bytes: 1 };
  }
}

const foldOn = <S>(kept: Fold<S>, id: string, news: readonly StoredEvent[]): Fold<S> => {
  const { folding } = kept;
  const versions = [...kept.versions];
  let { bytes } = kept;
  let state: S | null = versions.at(-1)?.state ?? null;
  for (const stored of news) {
    const event = newest(folding.types, stored);
    if (event) state = folding.evolve(state, id, event);
    const { revision, position, created, type, metadata } = stored;
    const { data } = event ?? stored;
    versions.push({ revision, position, created, type, data, metadata, state });
    bytes += JSON.stringify(data).length + overheadBytes;
  }
  return { folding, versions, bytes };
};

const lastUpTo = <S>(versions: readonly Version<S>[], position: Position): Version<S> | undefined =>
  versions.findLast((version) => !isAfter(version.position, position));
