import type { WriterSession } from './database.js';
import { DroppedRepeats } from './dropped-repeats.js';
import { baseOf } from './event.js';
import { Group, type InFlight, type LoadedIds, type Missing } from './group.js';
import { insertEvents, isShortage } from './insert-events.js';
import type { LogClock } from './log-clock.js';
import type { RecentEvents } from './recent-events.js';
import { RecentIds } from './recent-ids.js';
import type { StreamStates } from './stream-state.js';
import type { WriteOutcome, WriteRequest } from './write-request.js';

const GROUP_EVENTS = 2_000;
const GROUP_BYTES = 4 * 1024 * 1024;
const SWEEP_MS = 250;
/** A commit that follows another waits so long for company, counted from where that one began. */
const COMPANY_MS = 2;
/** Timers count whole milliseconds. */
const SHORTEST_WAIT_MS = 0.5;
/** SQLSTATE. */
const DISK_FULL = '53100';

interface Entry {
  readonly request: WriteRequest;
  readonly bytes: number;
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  readonly done: (outcome: WriteOutcome) => void;
  loaded?: LoadedIds;
  loading?: boolean;
}

interface Decided {
  readonly entry: Entry;
  readonly outcome: WriteOutcome;
}

export interface WriterParts {
  readonly session: WriterSession;
  /** The writer's own: nobody else waits in it. */
  readonly states: StreamStates;
  /** What readers see; told of every commit. */
  readonly readStates: StreamStates;
  readonly recent: RecentEvents;
  readonly clock: LogClock;
  readonly loadIds: (missing: Missing & { kind: 'ids' }) => Promise<LoadedIds>;
  /** The outcome of a commit is not known, or this node may not write any more: it must end. */
  readonly onFatal: (error: Error) => void;
  /** Appends are refused for want of a resource (disk full), or taken again. */
  readonly onAccepting: (accepting: boolean, reason?: string) => void;
}

/**
 * The one writer: decides requests in the order of their arrival on the ends of streams kept in
 * memory, and commits those that came together in one transaction. Every outcome is told after the
 * commit that it rests on.
 */
export class Writer {
  private queue: Entry[] = [];
  private readonly dropped = new DroppedRepeats();
  private queuedBytes = 0;
  private committing: Group | undefined;
  private pumpScheduled = false;
  /** On the clock of `performance.now()`. */
  private commitBegan = -Infinity;
  private stopping = false;
  /** Why everything is refused before it is looked at. */
  private refusal: string | undefined;
  /** Why the last commit was rolled back. */
  private shortage: string | undefined;
  private accepting = true;
  private position: bigint;
  /** When each query that Postgres has not answered was sent, the oldest first. */
  private readonly sent = new Set<{ readonly at: number }>();
  private readonly ids = new RecentIds();
  private readonly sweeper = setInterval(() => this.expire(), SWEEP_MS);

  constructor(private readonly parts: WriterParts) {
    this.position = parts.session.head;
    const { client } = parts.session;
    client.on('error', (error: Error) => parts.onFatal(error));
    client.on('end', () => {
      if (!this.stopping) parts.onFatal(new Error('the writing session ended'));
    });
  }

  /** Bytes of the requests that wait; whoever adds to them should stop reading when there are many. */
  get backlogBytes(): number {
    return this.queuedBytes;
  }

  /** How long the oldest commit or lookup has been without an answer; 0 while there is none. */
  get waitingMs(): number {
    const [oldest] = this.sent;
    return oldest === undefined ? 0 : performance.now() - oldest.at;
  }

  /** Calls `done` once: after the commit, or when the request was refused or came too late. */
  submit(
    request: WriteRequest,
    options: { readonly bytes: number; readonly timeoutMs: number },
    done: (outcome: WriteOutcome) => void,
  ): void {
    if (this.stopping) {
      done({ kind: 'unavailable', message: 'the node is shutting down' });
      return;
    }
    if (this.refusal !== undefined) {
      done({ kind: 'unavailable', message: this.refusal });
      return;
    }
    const deadline = performance.now() + options.timeoutMs;
    const entry: Entry = { request, bytes: options.bytes, deadline, done };
    if (this.committing?.repeats(request) === true) {
      this.dropped.add(entry);
      return;
    }
    this.queue.push(entry);
    this.queuedBytes += entry.bytes;
    const base = baseOf(request.stream);
    if (this.parts.states.peek(base) === undefined) this.load(entry, { kind: 'state', base });
    else this.pumpSoon();
  }

  /** Refuses what comes from now on for this reason, or takes it again where there is none. */
  refuseAll(reason: string | undefined): void {
    this.refusal = reason;
    this.note();
  }

  /** Takes nothing new, finishes what was taken, closes the session. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearInterval(this.sweeper);
    while (this.queue.length > 0 || this.committing !== undefined) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    this.dropped.endAll();
    await this.parts.session.client.end();
  }

  /**
   * Requests that arrive in the same turn share a group. Right after another commit they wait a moment for
   * more: each costs the same, however many events it has. After a rest they do not wait.
   */
  private pumpSoon(): void {
    if (this.pumpScheduled || this.committing !== undefined || this.queue.length === 0) return;
    this.pumpScheduled = true;
    const pump = (): void => {
      this.pumpScheduled = false;
      this.pump();
    };
    const left = this.commitBegan + COMPANY_MS - performance.now();
    if (left >= SHORTEST_WAIT_MS) setTimeout(pump, left);
    else setImmediate(pump);
  }

  private pump(): void {
    if (this.committing !== undefined || this.queue.length === 0) return;
    const group = new Group(this.parts.states, this.ids, this.position, this.parts.clock.next());
    const decided = this.fill(group);
    if (group.events.length > 0) void this.commit(group, decided);
    else for (const { entry, outcome } of decided) entry.done(outcome);
  }

  /** Decides as many of the waiting requests, in their order, as are ready and fit the group. */
  private fill(group: Group): Decided[] {
    const decided: Decided[] = [];
    const now = performance.now();
    let taken = 0;
    for (const entry of this.queue) {
      if (group.events.length >= GROUP_EVENTS || group.bytes >= GROUP_BYTES) break;
      if (entry.loading === true) break;
      const outcome = this.outcomeOf(entry, group, now);
      if (outcome === undefined) break;
      taken += 1;
      this.queuedBytes -= entry.bytes;
      if (outcome.kind === 'in-flight') this.dropped.add(entry);
      else decided.push({ entry, outcome });
    }
    this.queue = this.queue.slice(taken);
    return decided;
  }

  private outcomeOf(entry: Entry, group: Group, now: number): WriteOutcome | InFlight | undefined {
    if (entry.deadline <= now) return { kind: 'timeout' };
    const outcome = group.decide(entry.request, entry.loaded);
    if (outcome.kind !== 'state' && outcome.kind !== 'ids') return outcome;
    this.load(entry, outcome);
    return undefined;
  }

  private load(entry: Entry, missing: Missing): void {
    entry.loading = true;
    this.timed(this.read(entry, missing)).then(
      () => {
        entry.loading = false;
        this.pumpSoon();
      },
      (error: unknown) => this.refuse(entry, error),
    );
  }

  private async read(entry: Entry, missing: Missing): Promise<void> {
    if (missing.kind === 'state') await this.parts.states.get(missing.base);
    else entry.loaded = await this.parts.loadIds(missing);
  }

  private async timed<T>(answer: Promise<T>): Promise<T> {
    const query = { at: performance.now() };
    this.sent.add(query);
    try {
      return await answer;
    } finally {
      this.sent.delete(query);
    }
  }

  private refuse(entry: Entry, error: unknown): void {
    // It came too late already.
    if (!this.queue.includes(entry)) return;
    this.queue = this.queue.filter((other) => other !== entry);
    this.queuedBytes -= entry.bytes;
    entry.done({ kind: 'unavailable', message: `the database does not answer: ${String(error)}` });
    this.pumpSoon();
  }

  private expire(): void {
    const now = performance.now();
    const late = this.queue.filter((entry) => entry.deadline <= now);
    if (late.length > 0) this.queue = this.queue.filter((entry) => entry.deadline > now);
    for (const entry of late) this.queuedBytes -= entry.bytes;
    for (const { done } of late) done({ kind: 'timeout' });
    this.dropped.expire(now);
  }

  private async commit(group: Group, decided: readonly Decided[]): Promise<void> {
    this.committing = group;
    this.commitBegan = performance.now();
    this.position = group.head;
    try {
      await this.timed(insertEvents(this.parts.session, group.events));
    } catch (error) {
      this.failed(error, decided);
      return;
    }
    for (const [base, state] of group.changedStates()) {
      this.parts.states.set(base, state);
      this.parts.readStates.refresh(base, state);
    }
    for (const event of group.events) this.ids.add(event);
    this.parts.recent.push(group.events);
    this.shortage = undefined;
    this.note();
    this.settle(decided);
  }

  private settle(decided: readonly Decided[]): void {
    this.committing = undefined;
    for (const { entry, outcome } of decided) entry.done(outcome);
    this.pumpSoon();
  }

  /** Nobody is told an outcome that is not known; a rollback for want of room is known. */
  private failed(error: unknown, decided: readonly Decided[]): void {
    if (!isShortage(error)) {
      this.parts.onFatal(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    const message = error.code === DISK_FULL ? `disk full: ${error.message}` : error.message;
    this.shortage = message;
    this.note();
    const outcome: WriteOutcome = { kind: 'unavailable', message };
    this.settle(decided.map(({ entry }) => ({ entry, outcome })));
  }

  private note(): void {
    const reason = this.refusal ?? this.shortage;
    const accepting = reason === undefined;
    if (this.accepting === accepting) return;
    this.accepting = accepting;
    this.parts.onAccepting(accepting, reason);
  }
}
