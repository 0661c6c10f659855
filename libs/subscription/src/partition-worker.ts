import { isDiskFull, isStoreFault } from '#read-store/store-errors.js';

import { Backoff } from './backoff.js';
import {
  type CheckpointState,
  Fenced,
  moveCheckpoint,
  openCheckpoint,
  type OwnPartition,
  releaseCheckpoint,
  SourceChanged,
} from './checkpoints.js';
import { describeError, reasonToWait } from './describe-error.js';
import { isTransientFor } from './follower.js';
import { Isolation } from './isolate.js';
import type { WorkerContext } from './partition-listener.js';
import type { Checkpoint, Delivery, Item, Scope } from './source.js';
import { diskFull } from './status.js';
import { type Counts, handleStep, partOf, type SortedStep, sortStep } from './step.js';
import { turnsOf } from './turns.js';

/** A step: at most so many items, and fewer after one that took longer. */
const maxItems = 1_000;
const maxStepMs = 2_000;

/** What is left of a delivery. */
interface Work<T> {
  readonly delivery: Delivery<T>;
  rest: readonly Item<T>[];
  /** Its first step was passed and counted, and has only to be written down. */
  isPassed?: boolean;
  /** One item at a time: one of them may be what made a step fail or a process end. */
  isolated: boolean;
}

/** Handles what is delivered of one partition, for as long as this process follows it. */
export class PartitionWorker<T> {
  private readonly isolation: Isolation<T>;
  private state: CheckpointState = 'running';
  /** As the table has it. */
  private stored: Checkpoint | undefined;
  /** Ahead of `stored` by events of which none had to be handled. */
  private current: Checkpoint | undefined;
  private persistedAt = 0;
  /** Events between the two. */
  private passed = { count: 0, skipped: 0 };
  private size = maxItems;
  /** What the follower keeps in memory may be ahead of the checkpoint. */
  private isStale = false;
  /** A process ended while it followed this partition: perhaps by the next event. */
  private interrupted = false;
  private last: Promise<unknown> = Promise.resolve();
  private busy = 0;

  constructor(
    private readonly context: WorkerContext<T>,
    readonly own: OwnPartition,
  ) {
    const onFailure = (): void => {
      this.isStale = true;
      context.listener.failed();
    };
    const beforeTry = (): Promise<void> => this.refreshMemory();
    const { logger } = context;
    this.isolation = new Isolation(() => this.stepContext, { logger, beforeTry, onFailure });
  }

  /** See `Sink.open`. */
  open(signal: AbortSignal): Promise<Checkpoint | undefined> {
    return this.inTurn(() => this.openNow(signal));
  }

  /** See `Sink.take`. */
  take(delivery: Delivery<T>, signal: AbortSignal): Promise<Checkpoint | undefined> {
    return this.inTurn(() => this.takeNow(delivery, signal));
  }

  /** Writes down how far it passed over what had not to be handled; later, where it is at work. */
  async persist(): Promise<void> {
    if (this.busy === 0) await this.inTurn(() => this.persistNow());
  }

  /** Whether a reader waits for what it passed over and has not written down. */
  get isAwaited(): boolean {
    return this.stored !== undefined && this.context.isAwaited?.(this.stored.nextOffset) === true;
  }

  async release(): Promise<void> {
    await this.inTurn(() => this.persistNow());
    await releaseCheckpoint(this.context.store, this.own, this.context.holder);
  }

  private inTurn<R>(work: () => Promise<R>): Promise<R> {
    this.busy += 1;
    const result = this.last.then(work).finally(() => (this.busy -= 1));
    this.last = result.catch(() => undefined);
    return result;
  }

  private get stepContext() {
    const { store, follower } = this.context;
    return { store, follower, own: this.own, state: this.scopeState, isolated: true };
  }

  private get scopeState(): Scope['state'] {
    return this.state === 'building' ? 'building' : 'running';
  }

  private get fields(): object {
    const { subscription, scope, partition } = this.own;
    return { subscription, scope, partition };
  }

  private async openNow(signal: AbortSignal): Promise<Checkpoint | undefined> {
    const { store, holder } = this.context;
    for (const backoff = new Backoff(); ;) {
      signal.throwIfAborted();
      try {
        this.stored = this.current = undefined;
        const opened = await openCheckpoint(store, this.own, holder);
        if (opened?.state === 'paused') this.context.listener.paused(this.own);
        if (!opened || opened.state === 'paused' || opened.state === 'stopped') return undefined;
        this.state = opened.state;
        this.isStale = true;
        await this.refreshMemory();
        if (opened.interrupted) this.interrupted = true;
        this.movedTo(opened.checkpoint);
        return opened.checkpoint;
      } catch (error) {
        if (!isStoreFault(error)) throw error;
        await this.wait(error, backoff, signal);
      }
    }
  }

  private movedTo(checkpoint: Checkpoint, recordedAt?: string): void {
    this.stored = this.current = checkpoint;
    this.persistedAt = performance.now();
    this.passed = { count: 0, skipped: 0 };
    const { listener } = this.context;
    listener.waits(this.own, undefined);
    listener.moved(this.own, checkpoint, recordedAt);
  }

  private async takeNow(
    delivery: Delivery<T>,
    signal: AbortSignal,
  ): Promise<Checkpoint | undefined> {
    let at = this.current ?? (await this.openNow(signal));
    const work: Work<T> = { delivery, rest: delivery.items, isolated: this.interrupted };
    const backoff = new Backoff();
    // Else it was read before the checkpoint was moved back.
    let isLeft = at !== undefined && delivery.from <= at.nextOffset;
    while (at && isLeft && !signal.aborted) {
      try {
        isLeft = await this.step(work, at, signal);
        at = this.current ?? at;
        backoff.reset();
      } catch (error) {
        if (error instanceof Fenced) {
          this.context.logger.warn(this.fields, 'the checkpoint is not where the batch begins');
          return this.openNow(signal);
        }
        if (error instanceof SourceChanged) throw error;
        await this.wait(error, backoff, signal);
      }
    }
    return at;
  }

  /** Whether anything of the delivery is left. */
  private async step(work: Work<T>, at: Checkpoint, signal: AbortSignal): Promise<boolean> {
    const { delivery, isolated } = work;
    const size = isolated ? 1 : this.size;
    const rest = work.rest.slice(size);
    const step = sortStep(at, partOf(delivery, work.rest.slice(0, size), rest));
    if (step.items.length + step.undecodable.length === 0) {
      if (!work.isPassed) this.pass(step);
      work.isPassed = true;
      await this.persistIfDue(step.recordedAt);
    } else if (!(await this.handle(work, step, signal))) return true;
    work.rest = rest;
    work.isPassed = false;
    if (isolated && rest.length === 0 && step.items.length > 0) this.interrupted = false;
    return rest.length > 0;
  }

  /** Nothing has to be handled. */
  private pass({ to, count, skipped, recordedAt }: SortedStep<T>): void {
    const { passed, context } = this;
    const { listener } = context;
    if (skipped > 0) listener.counted({ done: 0, skipped, parked: 0 });
    this.passed = { count: passed.count + count, skipped: passed.skipped + skipped };
    this.current = to;
    listener.moved(this.own, to, recordedAt);
  }

  private async persistIfDue(recordedAt?: string): Promise<void> {
    const { lazyMs = 0 } = this.context.follower;
    const isDue = performance.now() - this.persistedAt >= lazyMs;
    if (isDue || this.isAwaited) await this.persistNow(recordedAt);
  }

  private async persistNow(recordedAt?: string): Promise<void> {
    const { stored: from, current: to, passed, own } = this;
    if (!from || !to) return;
    const stood = from.nextOffset === to.nextOffset && from.position === to.position;
    if (stood && passed.count === 0) return;
    const { store } = this.context;
    const counts = { ...passed, done: 0, recordedAt };
    const { scopeState: state } = this;
    const moved = turnsOf(store)
      .move({ own, state, from, to, counts })
      .then((done) => done ?? moveCheckpoint(store.pool, own, state, from, to, counts));
    await moved.catch((error: unknown) => {
      // Opened anew with the next delivery.
      if (error instanceof Fenced) this.stored = this.current = undefined;
      throw error;
    });
    this.movedTo(to, recordedAt);
  }

  /** Whether it is handled: if not, it has to be isolated, or there was no time for it. */
  private async handle(work: Work<T>, step: SortedStep<T>, signal: AbortSignal): Promise<boolean> {
    const { stored: from, passed } = this;
    if (!from) throw new Fenced();
    const began = performance.now();
    // What was passed before is written down with the first step that moves the row.
    const counts = { count: step.count + passed.count, skipped: step.skipped + passed.skipped };
    const { listener, logger, follower } = this.context;
    try {
      const made = await this.attempt(work, from, { ...step, ...counts }, signal);
      if (!made) return false;
      // A step that was stopped before leaves the checkpoint where it was.
      if (follower.order === 'global' && made.done === 0 && made.parked > 0) throw new Fenced();
      this.movedTo(step.to, step.recordedAt);
      listener.counted({ ...made, skipped: made.skipped - passed.skipped });
      if (!work.isolated) this.fit(performance.now() - began);
      return true;
    } catch (error) {
      this.isStale = true;
      if (error instanceof Fenced || signal.aborted) throw error;
      if (this.isTransient(error) || work.isolated) throw error;
      const fields = { ...this.fields, error: describeError(error), events: step.items.length };
      logger.warn(fields, 'a batch cannot be handled: its events are handled one by one');
      listener.failed();
      work.isolated = true;
      return false;
    }
  }

  private isTransient(error: unknown): boolean {
    return isTransientFor(this.context.follower, error);
  }

  private async refreshMemory(): Promise<void> {
    if (!this.isStale) return;
    await this.context.follower.opened?.(this.own.scope);
    this.isStale = false;
  }

  private async attempt(
    { isolated }: Work<T>,
    from: Checkpoint,
    step: SortedStep<T>,
    signal: AbortSignal,
  ): Promise<Counts | undefined> {
    const [first] = step.items;
    if (isolated && first) return this.isolation.handle(from, step, first, signal);
    await this.refreshMemory();
    return handleStep({ ...this.stepContext, isolated: false }, from, step, signal);
  }

  private fit(ms: number): void {
    if (ms > maxStepMs) this.size = Math.max(1, Math.floor(this.size / 2));
    else if (ms * 4 < maxStepMs) this.size = Math.min(maxItems, this.size * 2);
  }

  /**
   * What is transient is waited for, however long it takes. Anything else is a bug of ours, and giving up
   * would not be better.
   */
  private async wait(error: unknown, backoff: Backoff, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { logger, listener } = this.context;
    const fields = { ...this.fields, err: error };
    if (isDiskFull(error)) {
      logger.warn(fields, 'the disk of the read store is full: the subscription waits for room');
      listener.waits(this.own, diskFull);
    } else if (this.isTransient(error)) {
      logger.warn(fields, 'the subscription waits for a store');
      listener.waits(this.own, reasonToWait(error));
    } else {
      logger.error(fields, 'the subscription failed unexpectedly and tries again');
      listener.waits(this.own, describeError(error));
    }
    await backoff.wait(signal);
  }
}
