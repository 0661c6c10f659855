import { LRUCache } from 'lru-cache';
import type pg from 'pg';

import type { StreamView } from './append-rules.js';
import { isMetastream, MAX_REVISION } from './event.js';
import { isSoftDeleted, noMetadata, parseMetadata, type StreamMetadata } from './metadata.js';

export interface StoredId {
  readonly id: string;
  readonly position: bigint;
}

/** One stream's end: its last revision and the ids of its last events, as far as they are known. */
export interface StreamEnd {
  /** -1 when nothing was ever written. */
  readonly revision: bigint;
  /** Without a gap up to `revision`; possibly none. */
  readonly tail: readonly StoredId[];
}

/** What an append to a stream, or to its metadata, is decided on. */
export interface StreamState {
  readonly events: StreamEnd;
  readonly metaEvents: StreamEnd;
  readonly metadata: StreamMetadata;
  readonly tombstoned: boolean;
}

export const viewOf = (state: StreamState, ofMetadata: boolean): StreamView => ({
  revision: (ofMetadata ? state.metaEvents : state.events).revision,
  deletion: deletionOf(state, ofMetadata),
  hasMetadata: !ofMetadata && state.metaEvents.revision >= 0n,
});

const deletionOf = (state: StreamState, ofMetadata: boolean): StreamView['deletion'] => {
  // As on a real server, the metadata that a stream has goes on being written when the stream is gone.
  if (ofMetadata) return state.tombstoned && state.metaEvents.revision < 0n ? 'tombstone' : 'none';
  if (state.tombstoned) return 'tombstone';
  return isSoftDeleted(state.metadata) ? 'soft' : 'none';
};

/** The end of `stream`, which is that of the state or its metadata. */
export const endOf = (state: StreamState, stream: string): StreamEnd =>
  isMetastream(stream) ? state.metaEvents : state.events;

export const storedAt = (end: StreamEnd, revision: bigint): StoredId | undefined =>
  end.tail[end.tail.length - 1 - Number(end.revision - revision)];

/** About 100,000 streams. */
const CACHE_UNITS = 400_000;
const TAIL_KEPT = 8;
const MAX_REVIVED = 100;

const shortened = (end: StreamEnd): StreamEnd =>
  end.tail.length > TAIL_KEPT ? { ...end, tail: end.tail.slice(-TAIL_KEPT) } : end;

const units = ({ events, metaEvents, metadata }: StreamState): number =>
  4 + events.tail.length + metaEvents.tail.length + (metadata === noMetadata ? 0 : 50);

/**
 * Committed ends of streams: a bounded cache over the index of events.
 *
 * The writer and the readers have one each, so that the writer waits for no query of a reader and
 * readers of many streams do not push out what it needs. What is given out is never older than what
 * was acknowledged, since every commit is told to both before it is acknowledged.
 */
export class StreamStates {
  private readonly cache: LRUCache<string, StreamState>;
  private wanted = new Map<string, (state: Promise<StreamState>) => void>();
  private asking = false;
  private readonly loading = new Map<string, Promise<StreamState>>();
  /** Committed while an older state was on its way from the database. */
  private readonly overtaking = new Map<string, StreamState>();
  /** Streams that were known as deleted and were written again since. */
  private readonly revived = new Set<string>();

  constructor(
    private readonly pool: pg.Pool,
    maxUnits = CACHE_UNITS,
  ) {
    this.cache = new LRUCache({ maxSize: maxUnits, sizeCalculation: units });
  }

  peek(base: string): StreamState | undefined {
    return this.cache.get(base);
  }

  /** As `set`, for a cache of what is read: what nobody asked for is not kept. */
  refresh(base: string, state: StreamState): void {
    const before = this.cache.peek(base);
    if (before === undefined && !this.loading.has(base)) return;
    const wasDeleted = before !== undefined && isSoftDeleted(before.metadata);
    if (wasDeleted && !isSoftDeleted(state.metadata) && this.revived.size < MAX_REVIVED) {
      this.revived.add(base);
    }
    this.set(base, state);
  }

  /** Whether a deleted stream was written again; true only once each time. */
  takeRevived(base: string): boolean {
    return this.revived.delete(base);
  }

  /** Only for what has been committed. */
  set(base: string, state: StreamState): void {
    const kept: StreamState = {
      ...state,
      events: shortened(state.events),
      metaEvents: shortened(state.metaEvents),
    };
    this.cache.set(base, kept);
    if (this.loading.has(base)) this.overtaking.set(base, kept);
  }

  async get(base: string): Promise<StreamState> {
    return this.cache.get(base) ?? this.load(base);
  }

  private load(base: string): Promise<StreamState> {
    const underway = this.loading.get(base);
    if (underway !== undefined) return underway;
    if (this.wanted.size === 0) setImmediate(() => void this.loadWanted());
    const state = new Promise<StreamState>((resolve) => this.wanted.set(base, resolve));
    this.loading.set(base, state);
    return state;
  }

  /** One query at a time: what is asked for meanwhile goes into the next one. */
  private async loadWanted(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    while (this.wanted.size > 0) {
      const wanted = this.wanted;
      this.wanted = new Map();
      const found = this.query([...wanted.keys()]);
      this.resolveWith(found, wanted);
      await found.catch(() => undefined);
    }
    this.asking = false;
  }

  private resolveWith(
    found: Promise<Map<string, StreamState>>,
    wanted: ReadonlyMap<string, (state: Promise<StreamState>) => void>,
  ): void {
    for (const [base, resolve] of wanted) {
      resolve(
        found
          .then((states) => {
            const state = this.overtaking.get(base) ?? states.get(base) ?? emptyState;
            this.cache.set(base, state);
            return state;
          })
          .finally(() => {
            this.loading.delete(base);
            this.overtaking.delete(base);
          }),
      );
    }
  }

  private async query(bases: readonly string[]): Promise<Map<string, StreamState>> {
    const { rows } = await this.pool.query<StateRow>({
      name: 'states',
      text: select,
      values: [bases],
    });
    return new Map(rows.map((row) => [row.name, stateOf(row)]));
  }
}

const emptyEnd: StreamEnd = { revision: -1n, tail: [] };

const emptyState: StreamState = {
  events: emptyEnd,
  metaEvents: emptyEnd,
  metadata: noMetadata,
  tombstoned: false,
};

interface StateRow {
  readonly name: string;
  readonly revision: bigint | null;
  readonly meta_revision: bigint | null;
  readonly meta_data: Buffer | null;
}

const select = `
  select wanted.name, last.revision, meta.revision as meta_revision, meta.data as meta_data
  from unnest($1::text[]) as wanted(name)
  left join lateral (
    select revision from events
    where stream = wanted.name collate "C" order by revision desc limit 1
  ) last on true
  left join lateral (
    select revision, data from events
    where stream = ('$$' || wanted.name) collate "C" order by revision desc limit 1
  ) meta on true`;

const stateOf = (row: StateRow): StreamState => ({
  events: { revision: row.revision ?? -1n, tail: [] },
  metaEvents: { revision: row.meta_revision ?? -1n, tail: [] },
  metadata: row.meta_data === null ? noMetadata : parseMetadata(row.meta_data),
  tombstoned: row.revision === MAX_REVISION,
});
