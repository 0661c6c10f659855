import { randomUUID } from 'node:crypto';

import { decideAppend, type Decision } from './append-rules.js';
import {
  baseOf,
  isMetastream,
  MAX_REVISION,
  METADATA_TYPE,
  metastreamOf,
  type ProposedEvent,
  type RecordedEvent,
  TOMBSTONE_TYPE,
} from './event.js';
import { deletedMetadata, isSoftDeleted, parseMetadata, withTruncateBefore } from './metadata.js';
import type { RecentIds, WrittenId } from './recent-ids.js';
import {
  endOf,
  storedAt,
  type StoredId,
  type StreamEnd,
  type StreamState,
  type StreamStates,
  viewOf,
} from './stream-state.js';
import type { WriteOutcome, WriteRequest } from './write-request.js';

/** What must be read before a request can be decided. */
export type Missing =
  | { readonly kind: 'state'; readonly base: string }
  | {
      readonly kind: 'ids';
      readonly stream: string;
      readonly first: bigint;
      readonly count: number;
    };

/** A repeat of an append that is not committed yet: as on a real server, it gets no answer but its time-out. */
export interface InFlight {
  readonly kind: 'in-flight';
}

/** Ids of older events, read for one request; by revision. */
export type LoadedIds = ReadonlyMap<bigint, StoredId>;

/** Positions grow by uneven steps, so that nobody comes to rely on their being contiguous. */
const LONGEST_STEP = 40;
const nextPosition = (last: bigint): bigint =>
  last + 1n + BigInt(Math.floor(Math.random() * LONGEST_STEP));

/**
 * Requests decided one after the other in memory, each on what those before it leave behind, to be
 * committed together. Nothing decided here may be told to anybody before that commit.
 */
export class Group {
  readonly events: RecordedEvent[] = [];
  bytes = 0;
  private readonly changed = new Map<string, StreamState>();
  private readonly written = new Map<string, WrittenId>();
  private position: bigint;

  constructor(
    private readonly states: StreamStates,
    private readonly recentIds: RecentIds,
    /** Position of the last event that is committed. */
    private readonly committed: bigint,
    /** When its events were created, in ticks. */
    private readonly created: bigint,
  ) {
    this.position = committed;
  }

  /** Position of the last event decided. */
  get head(): bigint {
    return this.position;
  }

  changedStates(): Iterable<[string, StreamState]> {
    return this.changed;
  }

  /** Whether `request` would be answered as a repeat of what this group writes, all of its events. */
  repeats(request: WriteRequest): boolean {
    const state = this.changed.get(baseOf(request.stream));
    if (request.kind !== 'append' || state === undefined) return false;
    const { stream, events } = request;
    const decision = this.decisionOn(request, events, state, undefined);
    if (decision.kind !== 'repeated') return false;
    return this.repeated(stream, decision.last, state, events, undefined).kind === 'in-flight';
  }

  decide(request: WriteRequest, loaded: LoadedIds | undefined): WriteOutcome | Missing | InFlight {
    const base = baseOf(request.stream);
    const state = this.changed.get(base) ?? this.states.peek(base);
    if (state === undefined) return { kind: 'state', base };
    const events = request.kind === 'append' ? request.events : [];
    const decision = this.decisionOn(request, events, state, loaded);
    switch (decision.kind) {
      case 'append':
        return this.apply(request, base, state);
      case 'repeated':
        return this.repeated(request.stream, decision.last, state, events, loaded);
      case 'wrong-version':
        return { kind: 'wrong-version', current: endOf(state, request.stream).revision };
      case 'deleted':
        return decision;
      case 'ids-needed':
        return { ...decision, kind: 'ids', stream: request.stream };
    }
  }

  private decisionOn(
    { kind, stream, expected }: WriteRequest,
    events: readonly ProposedEvent[],
    state: StreamState,
    loaded: LoadedIds | undefined,
  ): Decision {
    const view = viewOf(state, isMetastream(stream));
    // Nothing to delete: no expectation can be met.
    if (kind === 'delete' && view.revision < 0n && !view.hasMetadata && !state.tombstoned) {
      return { kind: 'wrong-version' };
    }
    const end = endOf(state, stream);
    const ids = kind === 'append' ? events.map((event) => event.id) : [randomUUID()];
    return decideAppend(view, expected, ids, {
      at: (revision) => (storedAt(end, revision) ?? loaded?.get(revision))?.id,
      recent: (id) => {
        const found = this.written.get(id) ?? this.recentIds.find(id);
        return found?.stream === stream ? found.revision : undefined;
      },
    });
  }

  private repeated(
    stream: string,
    last: bigint,
    state: StreamState,
    events: readonly ProposedEvent[],
    loaded: LoadedIds | undefined,
  ): WriteOutcome | InFlight {
    const id = events.at(-1)?.id ?? '';
    const position =
      (storedAt(endOf(state, stream), last) ?? loaded?.get(last))?.position ??
      (this.written.get(id) ?? this.recentIds.find(id))?.position;
    if (position !== undefined && position > this.committed) return { kind: 'in-flight' };
    return { kind: 'written', revision: last, ...(position !== undefined && { position }) };
  }

  private apply(request: WriteRequest, base: string, state: StreamState): WriteOutcome {
    switch (request.kind) {
      case 'append':
        return isMetastream(request.stream)
          ? this.appendMetadata(base, state, request.events)
          : this.appendEvents(base, state, request.events);
      case 'delete':
        return this.outcome(this.writeMetadata(base, state, deletedMetadata()), 'metaEvents');
      case 'tombstone':
        return this.tombstone(base, state);
    }
  }

  /** Events of a stream; a deleted one comes to life again, its numbering going on. */
  private appendEvents(
    base: string,
    state: StreamState,
    proposed: readonly ProposedEvent[],
  ): WriteOutcome {
    if (proposed.length === 0) return { kind: 'written', revision: state.events.revision };
    const events = this.record(base, state.events, proposed);
    const appended = this.change(base, { ...state, events });
    if (isSoftDeleted(state.metadata)) {
      const metadata = withTruncateBefore(state.metadata, state.events.revision + 1n);
      this.writeMetadata(base, appended, metadata);
    }
    return this.outcome(appended, 'events');
  }

  private appendMetadata(
    base: string,
    state: StreamState,
    proposed: readonly ProposedEvent[],
  ): WriteOutcome {
    const last = proposed.at(-1);
    if (last === undefined) return { kind: 'written', revision: state.metaEvents.revision };
    const metaEvents = this.record(metastreamOf(base), state.metaEvents, proposed);
    const metadata = parseMetadata(last.data);
    const described = this.change(base, { ...state, metaEvents, metadata });
    if (isSoftDeleted(state.metadata) && !isSoftDeleted(metadata) && !state.tombstoned) {
      // Writing metadata revives a deleted stream, but not the events from before the deletion.
      this.writeMetadata(base, described, withTruncateBefore(metadata, state.events.revision + 1n));
    }
    return this.outcome(described, 'metaEvents');
  }

  private tombstone(base: string, state: StreamState): WriteOutcome {
    const before: StreamEnd = { revision: MAX_REVISION - 1n, tail: [] };
    const events = this.record(base, before, [systemEvent(TOMBSTONE_TYPE, Buffer.alloc(0))]);
    return this.outcome(this.change(base, { ...state, events, tombstoned: true }), 'events');
  }

  private writeMetadata(base: string, state: StreamState, data: Buffer): StreamState {
    const event = systemEvent(METADATA_TYPE, data);
    const metaEvents = this.record(metastreamOf(base), state.metaEvents, [event]);
    return this.change(base, { ...state, metaEvents, metadata: parseMetadata(data) });
  }

  private change(base: string, state: StreamState): StreamState {
    this.changed.set(base, state);
    return state;
  }

  private record(stream: string, end: StreamEnd, proposed: readonly ProposedEvent[]): StreamEnd {
    let { revision } = end;
    const tail = end.tail.slice();
    for (const { id, type, isJson, data, metadata } of proposed) {
      revision += 1n;
      this.position = nextPosition(this.position);
      const { position, created } = this;
      this.events.push({ position, stream, revision, id, type, isJson, data, metadata, created });
      this.written.set(id, { stream, revision, position });
      this.bytes += data.byteLength + metadata.byteLength;
      tail.push({ id, position });
    }
    return { revision, tail };
  }

  private outcome(state: StreamState, which: 'events' | 'metaEvents'): WriteOutcome {
    const { revision, tail } = state[which];
    const position = tail.at(-1)?.position;
    return { kind: 'written', revision, ...(position !== undefined && { position }) };
  }
}

const systemEvent = (type: string, data: Buffer): ProposedEvent => ({
  id: randomUUID(),
  type,
  isJson: type === METADATA_TYPE,
  data,
  metadata: Buffer.alloc(0),
});
