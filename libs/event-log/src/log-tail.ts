import { timeOfDay } from '#kernel/wall-clock.js';

import {
  type AllSubscription,
  type EventLog,
  LogAccessDenied,
  type Position,
  type StoredEvent,
} from './event-log.js';
import { EventRing } from './event-ring.js';
import { newestAnchor } from './log-check.js';
import { pause, togetherMs } from './pause.js';
import { formatPosition, isAfter } from './position.js';
import { PositionWaits } from './position-waits.js';
import type { TailOptions } from './tail-options.js';

/** What of the recent log is kept in memory. A reader behind that reads pages of its own. */
const defaultMaxEvents = 8_192;
const defaultMaxBytes = 32 * 1024 * 1024;
const defaultProbeMs = 2_000;
const defaultStallMs = 10_000;
/**
 * A probe reads the newest entry, then more at once as long as these are system events or links, and so
 * many in all.
 */
const firstProbed = 1;
const probedPage = 256;
const probedEntries = 16_384;
const firstRetryMs = 100;
const lastRetryMs = 5_000;

export interface TailStatus {
  readonly connected: boolean;
  /** Of the newest event that was delivered. */
  readonly position: Position | undefined;
  /** When the tail last knew that it had everything up to the head. */
  readonly lastProgressAt: Date | undefined;
  /** For how long the log has left a question without an answer, in milliseconds; 0 while it answers. */
  readonly unansweredMs: number;
  /** Why the log does not answer, where that does not pass by itself. */
  readonly failure: 'access denied' | undefined;
}

/**
 * One catch-up subscription on `$all` per process, fanned out from a bounded ring in memory.
 *
 * Supervised: after an error, an end, or no progress while the head moves, it resumes after the last
 * *event* that it delivered (never a checkpoint's position), with backoff. So nothing is missed and
 * nothing delivered twice, and a slow reader holds nobody up: it falls out of the ring.
 *
 * A log that was replaced while the connection was lost is followed from its end. Whether it is the one
 * that they know is for the readers to check (`LogCheck`), whose checkpoints outlive this process.
 */
export class LogTail {
  private readonly ring: EventRing;
  private last: Position | undefined;
  /** Of the event at `last`, by which the log is known again after a lost connection. */
  private lastId: string | undefined;
  /** Of the log when it was last recognised: in another one the ring may be of another log. */
  private epoch: number | undefined;
  private following: object = {};
  private started = false;
  private connected = false;
  // Both by `performance.now()`.
  private progressed: number | undefined;
  private unansweredSince: number | undefined;
  private failure: TailStatus['failure'];
  private subscription: AllSubscription | undefined;
  private readonly stopping = new AbortController();
  private readonly waiting = new Set<() => void>();
  private readonly awaited = new PositionWaits();
  private readonly listeners = new Set<(event: StoredEvent) => void>();
  private supervising: Promise<void> = Promise.resolve();

  constructor(
    private readonly log: EventLog,
    private readonly options: TailOptions = {},
  ) {
    const { maxEvents = defaultMaxEvents, maxBytes = defaultMaxBytes } = options;
    this.ring = new EventRing(maxEvents, maxBytes);
  }

  /** Begins at the head as it is now. Retries until the log answers or `stop` is called. */
  async start(): Promise<void> {
    if (this.started) return;
    for (let retryMs = firstRetryMs; !this.stopped();) {
      try {
        await this.beginAtHead();
        this.started = true;
        this.failure = undefined;
        break;
      } catch (error) {
        this.failed(error, retryMs, 'the event log does not answer yet');
        await pause(retryMs, this.stopping.signal);
        retryMs = Math.min(retryMs * 2, lastRetryMs);
      }
    }
    this.supervising = Promise.all([this.supervise(), this.probe()]).then(() => undefined);
  }

  /**
   * Up to `limit` events after `position`, from memory. Undefined when `position` lies before what is
   * kept, or the tail does not follow the log now: read pages of the log until it does.
   */
  after(position: Position | undefined, limit: number): readonly StoredEvent[] | undefined {
    if (this.epoch !== this.log.epoch) return undefined;
    return this.ring.after(position, limit);
  }

  /**
   * The same object for as long as the tail misses nothing: what is appended while it is the same is
   * delivered, sooner or later. Undefined while the tail does not follow the log.
   */
  get run(): object | undefined {
    const follows = this.started && !this.stopped() && this.epoch === this.log.epoch;
    return follows ? this.following : undefined;
  }

  /** Whether everything up to the position was delivered, or lay in the log when the tail began. */
  has(position: Position): boolean {
    return !isAfter(position, this.last);
  }

  /** Resolves when something newer than `position` was delivered, when `signal` aborts, or after `timeoutMs`; see `togetherMs`. */
  async changed(
    position: Position | undefined,
    { signal, timeoutMs }: { readonly signal?: AbortSignal; readonly timeoutMs: number },
  ): Promise<void> {
    if (signal?.aborted === true || (this.last && isAfter(this.last, position))) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, togetherMs(timeoutMs));
      signal?.addEventListener('abort', done, { once: true });
      this.waiting.add(done);
    });
  }

  /** Whether the tail `has` the position once it was waited for no longer than `timeoutMs`; false where it does not follow the log. */
  async reaches(position: Position, timeoutMs: number): Promise<boolean> {
    if (!this.has(position)) await this.awaited.wait(position, timeoutMs);
    return this.run !== undefined && this.has(position);
  }

  /** Hears of every event once, in order, from the tail's start on. Returns the way to stop hearing. */
  onEvent(listener: (event: StoredEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  status(): TailStatus {
    const { connected, last: position, progressed, failure } = this;
    const lastProgressAt = progressed === undefined ? undefined : timeOfDay(progressed);
    const now = performance.now();
    const unansweredMs = now - (this.unansweredSince ?? now);
    return { connected, position, lastProgressAt, unansweredMs, failure };
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.subscription?.stop();
    for (const wake of [...this.waiting]) wake();
    await this.supervising;
  }

  /** A want of rights does not pass by itself: whoever reads the line has to know which one is missing. */
  private failed(error: unknown, retryMs: number, message: string): void {
    this.failure = failureOf(error);
    const denied = error instanceof LogAccessDenied;
    this.options.logger?.warn({ err: error, retryMs }, denied ? error.reason : message);
  }

  private stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async supervise(): Promise<void> {
    let retryMs = firstRetryMs;
    let isFirst = true;
    while (!this.stopped()) {
      const before = this.last;
      const error = await this.followOnce(isFirst);
      if (this.stopped()) return;
      isFirst = false;
      retryMs = this.last === before ? Math.min(retryMs * 2, lastRetryMs) : firstRetryMs;
      this.failed(error, retryMs, 'the subscription ended and is resumed');
      await pause(retryMs, this.stopping.signal);
    }
  }

  /** Resolves when the subscription ended, or could not be begun. */
  private async followOnce(isFirst: boolean): Promise<unknown> {
    try {
      if (!isFirst) await this.recognise();
    } catch (error) {
      return error;
    }
    if (this.stopped()) return undefined;
    const deliver = (event: StoredEvent): void => this.deliver(event);
    this.subscription = this.log.subscribeToAll(this.last, deliver);
    if (this.epoch !== this.log.epoch) this.following = {};
    this.epoch = this.log.epoch;
    this.connected = true;
    const error = await this.subscription.ended;
    this.connected = false;
    this.unansweredSince ??= performance.now();
    return error;
  }

  /** Where the log does not hold what was delivered last, it is another one, and the tail begins anew. */
  private async recognise(): Promise<void> {
    if (!this.last) return;
    const isKnown = (await this.log.idAt(this.last)) === this.lastId;
    this.unansweredSince = undefined;
    if (isKnown) return;
    this.options.logger?.warn(
      { position: formatPosition(this.last), eventId: this.lastId },
      'the event log is not the one that was followed: the tail begins at the end of this one',
    );
    await this.beginAtHead();
    for (const wake of [...this.waiting]) wake();
  }

  private async beginAtHead(): Promise<void> {
    const newest = await newestAnchor(this.log);
    this.lastId = newest?.id;
    this.last = newest?.position;
    this.following = {};
    this.ring.beginAt(this.last);
  }

  /** A subscription can be silent because the log is quiet, or because it is dead: only the head tells. */
  private async probe(): Promise<void> {
    const { probeMs = defaultProbeMs, stallMs = defaultStallMs } = this.options;
    let behindSince: number | undefined;
    while (!this.stopped()) {
      const before = this.last;
      const behind = await this.liesBehind();
      const now = performance.now();
      if (behind !== 'unreachable') {
        if (!behind) this.progressed = performance.now();
        behindSince = behind && this.last === before ? (behindSince ?? now) : undefined;
        if (behindSince !== undefined && now - behindSince >= stallMs) {
          this.options.logger?.warn({}, 'the subscription does not follow the log and is renewed');
          behindSince = undefined;
          this.subscription?.stop();
        }
      }
      await pause(probeMs, this.stopping.signal);
    }
  }

  /** Whether the log has events that a subscription delivers and this one has not. */
  private async liesBehind(): Promise<boolean | 'unreachable'> {
    try {
      let next: Position | undefined;
      let limit = firstProbed;
      for (let entries = 0; entries < probedEntries; entries += limit) {
        if (next) limit = probedPage;
        this.unansweredSince ??= performance.now();
        const from = next && { after: next };
        const page = await this.log.readAll({ direction: 'backwards', limit, ...from });
        this.failure = undefined;
        this.unansweredSince = undefined;
        const newest = page.events[0]?.position;
        if (newest) return isAfter(newest, this.last);
        next = page.next;
        if (page.atEnd || !next || !isAfter(next, this.last)) return false;
      }
      const fields = { entries: probedEntries };
      this.options.logger?.warn(
        fields,
        'the newest entries of the log are all system events, so that it cannot be told whether the subscription follows the log',
      );
      return false;
    } catch (error) {
      this.failure = failureOf(error);
      return 'unreachable';
    }
  }

  private deliver(event: StoredEvent): void {
    if (!isAfter(event.position, this.last)) return;
    this.ring.push(event);
    this.last = event.position;
    this.lastId = event.id;
    this.progressed = performance.now();
    this.unansweredSince = undefined;
    for (const listener of this.listeners) listener(event);
    this.awaited.reached(event.position);
    for (const wake of [...this.waiting]) wake();
  }
}

const failureOf = (error: unknown): TailStatus['failure'] =>
  error instanceof LogAccessDenied ? 'access denied' : undefined;
