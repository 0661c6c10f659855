import { LRUCache } from 'lru-cache';

import type { EventLog, Position, StoredEvent } from '#event-log/event-log.js';
import { HeadCheck } from '#event-log/head-check.js';
import type { LogTail } from '#event-log/log-tail.js';
import { isAfter } from '#event-log/position.js';
import { newest } from '#event-log/reading.js';
import { SharedReads } from '#event-log/shared-reads.js';
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

/**
 * What a version keeps besides the event's data: metadata, what its state does not share with the one
 * before, and the item of the history.
 */
const overheadBytes = 2_500;

/** What the tail delivered of a stream since a read of it began. */
interface Watch {
  readonly stream: string;
  /** The run of the tail that delivers it; undefined where the tail did not follow the log. */
  readonly run: object | undefined;
  newest: bigint;
}

interface Fold<S> {
  readonly folding: Folding<S>;
  readonly versions: readonly Version<S>[];
  readonly bytes: number;
  /** Of the log that was read. */
  readonly epoch: number;
  readonly watch: Watch;
}

/**
 * The versions of streams, kept in memory up to a size.
 *
 * An answer is never older than the call. What is kept is the stream as it is where the tail of this
 * process delivered nothing of it since it was read, and has delivered all that the log holds: one look
 * at the log's head tells, for all who ask in one moment. Else the stream is read on from the last
 * version that is kept.
 */
export class Folds {
  private readonly cache: LRUCache<string, Fold<unknown>>;
  private readonly reading = new Set<Watch>();
  private readonly reads = new WeakMap<object, SharedReads<Fold<unknown>>>();
  private readonly head: HeadCheck;

  constructor(
    private readonly log: Pick<EventLog, 'readStream' | 'head' | 'epoch'>,
    private readonly tail: LogTail,
    maxBytes = 128 * 1024 * 1024,
  ) {
    this.cache = new LRUCache({ maxSize: maxBytes, sizeCalculation: ({ bytes }) => bytes });
    this.head = new HeadCheck(log, tail);
    tail.onEvent((event) => {
      this.note(event);
    });
  }

  /** Every version of the stream, oldest first; none where there is no such stream. */
  async versions<S>(folding: Folding<S>, id: string): Promise<readonly Version<S>[]> {
    const before = this.kept(folding, id);
    if (before && this.isFollowed(before)) {
      const run = await this.head.caughtUp();
      // Only what is kept now has heard all: meanwhile another read may have taken the place of the one before.
      const kept = this.kept(folding, id);
      if (kept && run === kept.watch.run && this.isFollowed(kept)) return kept.versions;
    }
    const stream = folding.streamOf(id);
    return (await this.readsOf(folding).read(stream, () => this.readOn(folding, id))).versions;
  }

  /** The version in force at a position that the log has; undefined before the stream's first event. */
  async at<S>(
    folding: Folding<S>,
    id: string,
    position: Position,
  ): Promise<Version<S> | undefined> {
    const kept = this.kept(folding, id);
    if (kept && this.reaches(kept, position)) return lastUpTo(kept.versions, position);
    return lastUpTo(await this.versions(folding, id), position);
  }

  /** Whether nothing up to the position can be missing: what came until then was read or delivered. */
  private reaches(kept: Fold<unknown>, position: Position): boolean {
    const last = kept.versions.at(-1);
    if (last && !isAfter(position, last.position)) return true;
    return this.tail.has(position) && this.isFollowed(kept);
  }

  /** Whether the tail has delivered everything of the stream since it was read, and that was nothing. */
  private isFollowed({ versions, watch }: Fold<unknown>): boolean {
    const { run } = this.tail;
    return (
      run !== undefined && watch.run === run && watch.newest <= (versions.at(-1)?.revision ?? -1n)
    );
  }

  private note({ stream, revision }: StoredEvent): void {
    const kept = this.cache.peek(stream);
    if (kept) kept.watch.newest = revision;
    for (const watch of this.reading) if (watch.stream === stream) watch.newest = revision;
  }

  private async readOn<S>(folding: Folding<S>, id: string): Promise<Fold<S>> {
    const stream = folding.streamOf(id);
    const { epoch } = this.log;
    const watch: Watch = { stream, run: this.tail.run, newest: -1n };
    const base = this.kept(folding, id) ?? { folding, versions: [], bytes: 1, epoch, watch };
    const last = base.versions.at(-1);
    const from = last ? last.revision + 1n : 0n;
    const news: StoredEvent[] = [];
    this.reading.add(watch);
    try {
      for await (const event of this.log.readStream(stream, { from })) news.push(event);
    } finally {
      this.reading.delete(watch);
    }
    const fold = foldOn({ ...base, watch }, id, news);
    const isOfOneLog = epoch === this.log.epoch;
    if (isOfOneLog && fold.versions.length > 0) this.cache.set(stream, fold);
    return fold;
  }

  /** What was read of another log, or for another folding, is none. */
  private kept<S>(folding: Folding<S>, id: string): Fold<S> | undefined {
    const kept = this.cache.get(folding.streamOf(id));
    return kept?.folding === folding && kept.epoch === this.log.epoch
      ? (kept as unknown as Fold<S>)
      : undefined;
  }

  private readsOf<S>(folding: Folding<S>): SharedReads<Fold<S>> {
    const reads = this.reads.get(folding) ?? new SharedReads();
    this.reads.set(folding, reads);
    return reads as SharedReads<Fold<S>>;
  }
}

const foldOn = <S>(base: Fold<S>, id: string, news: readonly StoredEvent[]): Fold<S> => {
  if (news.length === 0) return base;
  const { folding } = base;
  const versions = [...base.versions];
  let { bytes } = base;
  let state: S | null = versions.at(-1)?.state ?? null;
  for (const stored of news) {
    const event = newest(folding.types, stored);
    if (event) state = folding.evolve(state, id, event);
    const { revision, position, created, type, metadata } = stored;
    const { data } = event ?? stored;
    versions.push({ revision, position, created, type, data, metadata, state });
    bytes += (stored.bytes ?? JSON.stringify(data).length) + overheadBytes;
  }
  return { ...base, versions, bytes };
};

const lastUpTo = <S>(versions: readonly Version<S>[], position: Position): Version<S> | undefined =>
  versions.findLast((version) => !isAfter(version.position, position));
