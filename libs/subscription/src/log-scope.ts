import { UnknownEventType } from '#event-log/codec.js';
import {
  type EventLog,
  LogUnavailable,
  type Position,
  type StoredEvent,
} from '#event-log/event-log.js';
import { LogReplaced, replacedLogMs } from '#event-log/log-check.js';
import type { LogTail } from '#event-log/log-tail.js';
import { pause } from '#event-log/pause.js';
import { isAfter } from '#event-log/position.js';

import { Backoff } from './backoff.js';
import { CheckedReader } from './checked-reader.js';
import { noteLog, noteWaiting, type OwnPartition, SourceChanged } from './checkpoints.js';
import { reasonToWait } from './describe-error.js';
import { gatherPace } from './pace.js';
import {
  type Checkpoint,
  type Delivery,
  type Item,
  type Scope,
  scopeLease,
  type SourceContext,
} from './source.js';

/** A page: at most so many events and bytes. */
const limits = { maxEvents: 1_000, maxBytes: 8 * 1024 * 1024 };
const standbyMs = 1_000;
/** Longer than others stand by between two tries. */
const letOthersMs = 3 * standbyMs;

interface ReadPage<T> {
  readonly items: readonly Item<T>[];
  /** How many events were read, up to one that cannot be read. */
  readonly count: number;
  readonly unreadable: UnknownEventType | undefined;
  readonly last: StoredEvent | undefined;
}

/** Follows the log for one scope, for as long as this process is the one to do it. */
export class LogScope<T> {
  private readonly own: OwnPartition;
  private readonly reader: CheckedReader;
  private isOver = false;

  constructor(
    private readonly context: SourceContext<T>,
    log: EventLog,
    private readonly tail: LogTail,
    private readonly scope: Scope,
    private readonly gatherMs: number | undefined,
  ) {
    const { subscription, cure, status } = context;
    this.own = { subscription, source: 'log', scope: scope.name, partition: 0 };
    // A build reads alone: what it reads is old news to everybody else.
    const shared = scope.state === 'building' ? undefined : tail;
    const follower = { name: `subscription ${subscription}`, cure };
    this.reader = new CheckedReader(log, shared, limits, follower, async () => {
      status.stopped(scope.name, undefined);
      await noteLog(context.store, this.own);
    });
  }

  private get leaseKey(): string {
    return scopeLease(this.context.subscription, this.scope.name);
  }

  private get fields(): object {
    return { subscription: this.context.subscription, scope: this.scope.name };
  }

  /** Resolves when the scope is to be followed no longer, or `signal` aborts. Rejects with `SourceChanged`. */
  async run(signal: AbortSignal): Promise<void> {
    const { status, lease } = this.context;
    const backoff = new Backoff();
    while (!signal.aborted && !this.isOver) {
      try {
        if (await lease.acquire(this.leaseKey)) await this.follow(backoff, signal);
        else {
          status.connected(true);
          status.waits(this.scope.name, undefined);
          status.idle(this.scope.name);
          await pause(standbyMs, signal);
          // Another process may have ended it.
          this.isOver = this.scope.state === 'building';
        }
      } catch (error) {
        if (error instanceof SourceChanged) throw error;
        if (error instanceof LogReplaced) await this.waitForLog(error, signal);
        else if (error instanceof UnknownEventType) await this.letOthers(error, signal);
        else await this.wait(error, backoff, signal);
      }
    }
    // Nobody follows it here any more; a topic of Kafka stays stopped when its partitions are released.
    status.stopped(this.scope.name, undefined);
    await this.release();
  }

  private async release(): Promise<void> {
    const { sink, lease, logger } = this.context;
    try {
      await sink.release(this.own);
      await lease.release(this.leaseKey);
    } catch (error) {
      logger.warn({ ...this.fields, err: error }, 'a scope could not be released');
    }
  }

  /** A process of a later version, which stands by meanwhile, may know the event: it is given the time to take over. */
  private async letOthers(error: UnknownEventType, signal: AbortSignal): Promise<void> {
    const { status, logger, store } = this.context;
    if (signal.aborted) return;
    const fields = { ...this.fields, err: error };
    logger.error(fields, 'the subscription waits: this version does not know an event type');
    await noteWaiting(store, this.own, error.message).catch(() => undefined);
    await this.release();
    status.waits(this.scope.name, error.message);
    await pause(letOthersMs, signal);
  }

  /** Until the right log is back, or the subscription is reset or rebuilt onto this one. */
  private async waitForLog(error: LogReplaced, signal: AbortSignal): Promise<void> {
    const { status, logger, store } = this.context;
    status.stopped(this.scope.name, error.message);
    logger.error(this.fields, `the subscription is stopped: ${error.message}`);
    await noteLog(store, this.own, error.message).catch((failure: unknown) => {
      logger.warn({ ...this.fields, err: failure }, 'the status cannot be noted');
    });
    await pause(replacedLogMs, signal);
  }

  private async wait(error: unknown, backoff: Backoff, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { status, logger } = this.context;
    if (error instanceof LogUnavailable) status.connected(false);
    status.waits(this.scope.name, reasonToWait(error));
    logger.warn({ ...this.fields, err: error }, 'the subscription waits');
    await backoff.wait(signal);
  }

  /** Until the lease is lost, the checkpoint is moved by another process, or something fails. */
  private async follow(backoff: Backoff, signal: AbortSignal): Promise<void> {
    const { sink, lease } = this.context;
    const { moves } = sink;
    const opened = await sink.open(this.own, signal);
    if (!opened) {
      this.context.status.connected(true);
      this.context.status.idle(this.scope.name);
      this.isOver = true;
      return;
    }
    await this.reader.seek({ position: opened.position, anchor: opened.anchor });
    let at = opened;
    while (!signal.aborted && lease.holds(this.leaseKey) && sink.moves === moves) {
      const events = await this.reader.next();
      const delivered = await this.deliver(at, events, signal);
      if (!delivered) return;
      at = delivered;
      backoff.reset();
      if (events.length === 0 || this.reader.atEnd) await this.atEnd(at, events.length, signal);
      if (this.isOver) return;
    }
  }

  /** Undefined where the checkpoint is not behind what was delivered. Throws `UnknownEventType`. */
  private async deliver(
    at: Checkpoint,
    events: readonly StoredEvent[],
    signal: AbortSignal,
  ): Promise<Checkpoint | undefined> {
    const { status, sink } = this.context;
    status.connected(true);
    const page = this.read(events);
    const { last, unreadable } = page;
    let to = at;
    if (last) {
      const taken = await sink.take(this.deliveryOf(at, page, last), signal);
      if (taken?.nextOffset !== last.position.commit) return undefined;
      to = taken;
      this.reader.took({ position: to.position, anchor: to.anchor });
    }
    if (unreadable) throw unreadable;
    status.waits(this.scope.name, undefined);
    return to;
  }

  private async atEnd(at: Checkpoint, count: number, signal: AbortSignal): Promise<void> {
    const { sink, status, level, store } = this.context;
    status.idle(this.scope.name);
    sink.ends(this.own, at.nextOffset);
    if (this.scope.state === 'building') {
      let to = at;
      await level(this.scope, async (position) => {
        to = await this.catchUp(to, position, signal);
      });
      this.isOver = true;
      return;
    }
    const { gatherMs } = this;
    if (count > 0 && gatherMs !== undefined) {
      // Together with the other followers of the process; a reader who waits ends it.
      if (!sink.isAwaited(at.nextOffset)) await gatherPace(store).next(gatherMs, signal);
    } else if (count === 0) {
      await sink.rest(this.own);
      await this.tail.changed(this.reader.position, { signal, timeoutMs: standbyMs });
    }
  }

  /** The build in use stands still meanwhile, so this ends. */
  private async catchUp(from: Checkpoint, to: Position, signal: AbortSignal): Promise<Checkpoint> {
    let at = from;
    while (!signal.aborted && isAfter(to, at.position)) {
      const events = await this.reader.next();
      if (events.length === 0) throw new LogUnavailable('the log ends before the build in use');
      const delivered = await this.deliver(at, events, signal);
      if (!delivered) throw new Error('the build was moved by another process');
      at = delivered;
    }
    return at;
  }

  /** Items up to the first event that this version does not know. */
  private read(events: readonly StoredEvent[]): ReadPage<T> {
    const items: Item<T>[] = [];
    let last: StoredEvent | undefined;
    let count = 0;
    for (const event of events) {
      try {
        const payload = this.context.read(event, this.scope.name);
        if (payload !== undefined) items.push(itemOf(event, payload));
      } catch (error) {
        if (!(error instanceof UnknownEventType)) throw error;
        return { items, count, unreadable: error, last };
      }
      last = event;
      count += 1;
    }
    return { items, count, unreadable: undefined, last };
  }

  private deliveryOf(
    { nextOffset: from }: Checkpoint,
    { items, count }: ReadPage<T>,
    last: StoredEvent,
  ): Delivery<T> {
    const { position } = last;
    const { position: seen } = this.tail.status();
    return {
      ...this.own,
      ...{ from, items, count },
      through: {
        ...{ nextOffset: position.commit, position, anchor: last },
        recordedAt: last.created.toISOString(),
      },
      end: seen && seen.commit > position.commit ? seen.commit : position.commit,
    };
  }
}

/** An event of the log as an item. */
export const itemOf = <T>(event: StoredEvent, payload: T): Item<T> => ({
  id: event.id,
  key: event.stream,
  type: event.type,
  revision: event.revision,
  position: event.position,
  offset: event.position.commit,
  nextOffset: event.position.commit,
  recordedAt: undefined,
  payload,
});
