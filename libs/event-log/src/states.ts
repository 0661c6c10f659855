import type { Command } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';
import type { DomainEvent } from '#kernel/event.js';

import { upcast } from './codec.js';
import type {
  EventLog,
  ExpectedRevision,
  Position,
  ReadOptions,
  StoredEvent,
} from './event-log.js';
import { evolveKeys, type ForfeitedKeys, keyForfeited, noKeys } from './key/forfeited.js';
import { LogCache } from './log-cache.js';
import { isAfter } from './position.js';
import { SharedReads } from './shared-reads.js';
import { StreamQueue } from './stream-queue.js';

/** How many command ids a stream's folded state remembers: the window of idempotent commands. */
export const rememberedCommands = 100;

/** What a command led to when it was first accepted. */
export interface FirstResult {
  readonly hash: string;
  readonly revision: bigint;
  readonly position: Position;
}

/** A stream folded up to `revision`. Immutable: a newer one replaces it. */
export interface Folded<S> {
  readonly state: S;
  /** -1 while the stream is empty. */
  readonly revision: bigint;
  readonly position: Position | undefined;
  readonly commands: ReadonlyMap<string, FirstResult>;
  readonly forfeited: ForfeitedKeys;
}

export const expectedOf = (folded: Folded<unknown>): ExpectedRevision =>
  folded.revision < 0n ? 'no_stream' : folded.revision;

/** Folded states of one category, cached by stream. A cached state may be stale: `refresh` reads on. */
export class States<S, C extends Command, E extends DomainEvent> {
  readonly queue = new StreamQueue();
  private readonly cache: LogCache<Folded<S>>;
  /** Revisions that streams are known to have. */
  private readonly heard: LogCache<bigint>;
  private readonly reads = new SharedReads<Folded<S>>();

  constructor(
    private readonly log: EventLog,
    readonly decider: Decider<S, C, E>,
    maxStreams = 10_000,
    /** States of the same streams; what is cached there need not be read again. */
    private readonly base?: Pick<States<S, C, E>, 'cached'>,
  ) {
    this.cache = new LogCache(log, maxStreams);
    this.heard = new LogCache(log, maxStreams);
  }

  streamOf(id: string): string {
    return `${this.decider.category}-${id}`;
  }

  cached(id: string): Folded<S> | undefined {
    return this.cache.get(id) ?? this.base?.cached(id);
  }

  /**
   * The state at the stream's end as it is now: reads from the cached revision on. Callers that ask for
   * the same stream during a read share the next one, which begins after each of them asked.
   */
  refresh(id: string): Promise<Folded<S>> {
    return this.reads.read(id, () => this.readOn(id));
  }

  private async readOn(id: string): Promise<Folded<S>> {
    const known = this.cached(id);
    const start = known ?? this.empty();
    const news: StoredEvent[] = [];
    const read: ReadOptions =
      this.decider.newestTellsAll && !known
        ? { direction: 'backwards', limit: 1 }
        : { from: start.revision + 1n };
    for await (const event of this.log.readStream(this.streamOf(id), read)) news.push(event);
    return news.length === 0 ? start : this.remember(id, this.fold(start, news));
  }

  /** The state as the log had it at a position. Nothing of it is kept. */
  async at(id: string, position: Position): Promise<S> {
    const before: StoredEvent[] = [];
    for await (const event of this.log.readStream(this.streamOf(id), {})) {
      if (!isAfter(event.position, position)) before.push(event);
    }
    return this.fold(this.empty(), before).state;
  }

  /** Keeps what was just appended or read, so that the next command need not read it. */
  remember(id: string, folded: Folded<S>): Folded<S> {
    const known = this.cached(id);
    if (known && known.revision >= folded.revision) return known;
    // A read that was under way when the event came: what is cached is never older than what was heard.
    if (folded.revision < (this.heard.get(id) ?? -1n)) return folded;
    this.cache.set(id, folded);
    return folded;
  }

  /**
   * Spares the read of a stream whose id was only just made. Where the stream is there after all, the
   * first append says so and the decision is made again on what it holds.
   */
  assumeNew(id: string): Folded<S> {
    return this.cached(id) ?? this.remember(id, this.empty());
  }

  /** The stream has an event of that revision: an older state of it is forgotten. */
  hear(id: string, revision: bigint): void {
    if (revision <= (this.heard.get(id) ?? -1n)) return;
    this.heard.set(id, revision);
    const cached = this.cache.get(id);
    if (cached && cached.revision < revision) this.forget(id);
  }

  forget(id: string): void {
    this.cache.delete(id);
  }

  fold(from: Folded<S>, events: readonly StoredEvent[]): Folded<S> {
    let { state, forfeited } = from;
    const commands = new Map(from.commands);
    for (const stored of events) {
      // A step of the bookkeeping of keys: nobody repeats it as a command.
      if (stored.type === keyForfeited) {
        forfeited = evolveKeys(forfeited, stored.data);
        continue;
      }
      state = this.decider.evolve(state, upcast(this.decider, stored));
      const { commandId, commandHash: hash } = stored.metadata;
      commands.delete(commandId);
      commands.set(commandId, { hash, revision: stored.revision, position: stored.position });
    }
    for (const oldest of commands.keys()) {
      if (commands.size <= rememberedCommands) break;
      commands.delete(oldest);
    }
    const last = events.at(-1);
    return {
      state,
      forfeited,
      commands,
      revision: last?.revision ?? from.revision,
      position: last?.position ?? from.position,
    };
  }

  private empty(): Folded<S> {
    return {
      state: this.decider.initialState,
      revision: -1n,
      position: undefined,
      commands: new Map(),
      forfeited: noKeys,
    };
  }
}
