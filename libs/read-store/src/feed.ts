import { UnknownEventType } from '#event-log/codec.js';
import { LogUnavailable, type Position, type StoredEvent } from '#event-log/event-log.js';
import { LogReplaced, replacedLogMs } from '#event-log/log-check.js';
import { pause } from '#event-log/pause.js';
import { comparePositions, isAfter } from '#event-log/position.js';

import { applyBatch, type BatchCounts, Fenced } from './apply-batch.js';
import { CarefulApplier } from './apply-carefully.js';
import {
  buildLease,
  noteCaughtUp,
  noteLog,
  noteWaiting,
  putDown,
  takeOver,
  type Target,
} from './builds.js';
import { CheckedReader } from './checked-reader.js';
import { dropOutgrown } from './drop-builds.js';
import type { FeedContext } from './feed-context.js';
import { knownOf } from './known-events.js';
import { describeError } from './parking.js';
import { isDiskFull, isStoreFault } from './store-errors.js';
import { switchBuild } from './switch-build.js';

/** A batch: at most so many events and bytes, and smaller ones after one that took longer. */
const limits = { maxEvents: 1_000, maxBytes: 8 * 1024 * 1024, maxMs: 2_000 };
const standbyMs = 1_000;
const firstBackoffMs = 50;
const lastBackoffMs = 5_000;
const noteCaughtUpMs = 2_000;

/** Applies the log to one build, for as long as this process is the one to do it. */
export class Feed {
  private readonly reader: CheckedReader;
  private readonly careful: CarefulApplier;
  /** Up to here events are applied one by one: a batch failed there, or was interrupted. */
  private carefulUntil: Position | 'end of next batch' | undefined;
  private notedCaughtUpAt = -Infinity;

  constructor(
    private readonly context: FeedContext,
    readonly target: Target,
  ) {
    // A build reads alone: what it reads is old news to everybody else.
    const tail = target.status === 'live' ? context.tail : undefined;
    const { name } = target.projection;
    const follower = {
      name: `projection ${name}`,
      cure: `run "voltrace projections rebuild ${name}"`,
    };
    this.reader = new CheckedReader(context.log, tail, limits, follower, () => this.recognised());
    this.careful = new CarefulApplier(context.store, target);
  }

  private get key(): string {
    return buildLease(this.target.projection.name, this.target.build);
  }

  private get fields(): object {
    const { projection, build, status } = this.target;
    return { projection: projection.name, build, status };
  }

  /** The checkpoint, as far as this runner knows. */
  private get position(): Position | undefined {
    return this.reader.place.position;
  }

  /** Resolves when the build is switched, paused, stopped or gone, or `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let backoffMs = firstBackoffMs;
    while (!signal.aborted) {
      try {
        const ended = await this.follow(signal, () => (backoffMs = firstBackoffMs));
        if (ended) break;
        await pause(standbyMs, signal);
      } catch (error) {
        // The store's fault and the log's are waited out, however long it takes. Anything else is a
        // bug of the runner itself, and giving up would not be better.
        const { logger } = this.context;
        const fields = { ...this.fields, err: error, backoffMs };
        if (error instanceof LogReplaced) {
          await this.waitForLog(error, signal);
          continue;
        }
        if (error instanceof Fenced) logger.warn(fields, 'another runner moved the build');
        else if (isDiskFull(error)) {
          this.context.observer.outOfSpace(this.target.projection.name);
          logger.warn(fields, 'the disk of the read store is full: the projection waits for room');
        } else if (isStoreFault(error) || error instanceof LogUnavailable) {
          logger.warn(fields, 'the projection waits for a store');
        } else if (error instanceof UnknownEventType) {
          logger.error(fields, 'the projection waits: this version does not know an event type');
        } else logger.error(fields, 'the projection failed unexpectedly and tries again');
        await pause(backoffMs, signal);
        backoffMs = Math.min(backoffMs * 2, lastBackoffMs);
      }
    }
    await this.leave();
  }

  /** True when there is nothing more to do for this build; false when another runner does it. */
  private async follow(signal: AbortSignal, onProgress: () => void): Promise<boolean> {
    const { store, lease, holder } = this.context;
    if (!(await lease.acquire(this.key))) {
      this.context.observer.progressed(this.target.projection.name);
      return false;
    }
    const taken = await takeOver(store, this.target, holder);
    if (taken?.status !== this.target.status) return true;
    if (taken.interrupted) this.carefulUntil = 'end of next batch';
    await this.reader.seek(taken);
    while (!signal.aborted && lease.holds(this.key)) {
      const events = await this.reader.next();
      if (events.length > 0) {
        await this.apply(events, signal);
        if (!this.standsAtEndOf(events)) return false;
        onProgress();
      }
      if ((events.length === 0 || this.isLevel) && (await this.atEnd(signal))) return true;
    }
    return signal.aborted;
  }

  /** A build does not wait for a moment without news, which may never come: the switch catches up. */
  private get isLevel(): boolean {
    return this.target.status === 'building' && this.reader.atEnd;
  }

  /** A batch that was not applied to its end (fenced, stopped) has to be looked at anew. */
  private standsAtEndOf(events: readonly StoredEvent[]): boolean {
    return this.position === events.at(-1)?.position;
  }

  private async recognised(): Promise<void> {
    await noteLog(this.context.store, this.target);
    this.noteReplaced();
  }

  private noteReplaced(reason?: string): void {
    const { projection, build } = this.target;
    this.context.observer.logReplaced(projection.name, build, reason);
  }

  /** Until the next look: the right log may come back, or the build be replaced by one from this log. */
  private async waitForLog({ message }: LogReplaced, signal: AbortSignal): Promise<void> {
    const { store, logger } = this.context;
    this.noteReplaced(message);
    logger.error(this.fields, `the projection stands still: ${message}`);
    await noteLog(store, this.target, message).catch((error: unknown) => {
      logger.warn({ ...this.fields, err: error }, 'the status cannot be noted');
    });
    await pause(replacedLogMs, signal);
  }

  /** Throws `UnknownEventType` when all before the event are applied, and notes it in the status. */
  private async apply(events: readonly StoredEvent[], signal: AbortSignal): Promise<void> {
    const { known, unknown } = knownOf(this.target.projection, events);
    await this.applyKnown(known, signal);
    if (!unknown || (known.length > 0 && !this.standsAtEndOf(known))) return;
    this.context.observer.failed(this.target.projection.name);
    await noteWaiting(this.context.store, this.target, unknown.message);
    throw unknown;
  }

  private async applyKnown(events: readonly StoredEvent[], signal: AbortSignal): Promise<void> {
    const last = events.at(-1);
    if (!last) return;
    if (this.carefulUntil === 'end of next batch') this.carefulUntil = last.position;
    const began = performance.now();
    try {
      if (this.carefulUntil) await this.applyCarefully(events, signal);
      else {
        this.advanced(
          last,
          await applyBatch(this.context.store, this.target, this.position, events),
        );
        if (performance.now() - began > limits.maxMs) this.reader.shrink();
      }
    } catch (error) {
      if (error instanceof Fenced) return;
      if (isStoreFault(error)) throw error;
      this.context.logger.warn(
        { ...this.fields, error: describeError(error), events: events.length },
        'a batch cannot be applied: its events are applied one by one',
      );
      this.context.observer.failed(this.target.projection.name);
      this.carefulUntil = last.position;
      await this.applyCarefully(events, signal).catch((again: unknown) => {
        if (!(again instanceof Fenced)) throw again;
      });
    }
  }

  private async applyCarefully(events: readonly StoredEvent[], signal: AbortSignal): Promise<void> {
    const { logger, observer } = this.context;
    const byPosition = new Map(events.map((event) => [event.position, event]));
    await this.careful.apply(this.position, events, {
      signal,
      onProgress: (to, counts) => {
        const event = byPosition.get(to);
        if (event) this.advanced(event, counts);
        if (counts.parked > 0) {
          const { stream, type, id } = event ?? {};
          logger.error({ ...this.fields, stream, type, eventId: id }, 'an event is parked');
        }
      },
      onFailure: (event, attempts, error) => {
        observer.failed(this.target.projection.name);
        const { stream, type, id } = event;
        logger.warn(
          { ...this.fields, stream, type, eventId: id, attempts, error },
          'an event cannot be applied',
        );
      },
    });
    const until = this.carefulUntil;
    if (typeof until === 'object' && this.position && comparePositions(this.position, until) >= 0) {
      this.carefulUntil = undefined;
    }
  }

  private advanced(event: StoredEvent, counts: BatchCounts): void {
    this.reader.took({ position: event.position, anchor: event });
    const { observer } = this.context;
    observer.counted(this.target.projection.name, counts);
    observer.progressed(this.target.projection.name);
  }

  /** At the end of the log: a build becomes the active one, the active one waits for more. True when done. */
  private async atEnd(signal: AbortSignal): Promise<boolean> {
    this.context.observer.progressed(this.target.projection.name);
    if (this.target.status === 'building') return this.switch(signal);
    if (performance.now() - this.notedCaughtUpAt > noteCaughtUpMs) {
      await noteCaughtUp(this.context.store, this.target);
      this.notedCaughtUpAt = performance.now();
    }
    await this.context.tail.changed(this.reader.position, { signal, timeoutMs: standbyMs });
    return false;
  }

  private async switch(signal: AbortSignal): Promise<boolean> {
    const { store, log, logger } = this.context;
    try {
      await switchBuild(store, log, this.target, (to) => this.catchUp(to, signal));
      logger.info(this.fields, 'the build is switched to');
      await dropOutgrown(this.context, this.target.projection);
      return true;
    } catch (error) {
      if (!isStoreFault(error)) throw error;
      // It may have read more than it could apply.
      await this.reader.seek(this.reader.place);
      logger.warn({ ...this.fields, error: describeError(error) }, 'the switch waits for queries');
      await pause(standbyMs, signal);
      return false;
    }
  }

  /** The active build stands still meanwhile, so this ends. */
  private async catchUp(to: Position, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && isAfter(to, this.position)) {
      const events = await this.reader.next();
      if (events.length === 0) throw new LogUnavailable('the log ends before the active build');
      await this.apply(events, signal);
      // What comes next must not be applied behind a gap.
      if (!this.standsAtEndOf(events)) throw new Fenced();
    }
  }

  private async leave(): Promise<void> {
    const { store, lease, holder, logger } = this.context;
    this.noteReplaced();
    try {
      if (lease.holds(this.key)) await putDown(store, this.target, holder);
      await lease.release(this.key);
    } catch (error) {
      logger.warn({ ...this.fields, err: error }, 'the build could not be put down in order');
    }
  }
}
