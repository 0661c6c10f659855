import type { Position, StoredEvent } from '#event-log/event-log.js';
import { pause } from '#event-log/pause.js';

import { applyBatch, type BatchCounts, Fenced, setUp } from './apply-batch.js';
import { type Attempt, beginAttempt, clearAttempts, maxAttempts, noteFailure } from './attempts.js';
import { moveCheckpoint, stopAt, type Target } from './builds.js';
import { describeError, park } from './parking.js';
import { readBy } from './projection.js';
import type { ReadStore } from './read-store.js';
import { isStoreFault } from './store-errors.js';

/** Between two attempts on one event: longer each time, in case it fails by something that passes. */
const firstPauseMs = 20;

export interface CarefulOptions {
  readonly signal: AbortSignal;
  /** Told of each step that moved the checkpoint. */
  readonly onProgress: (to: Position, counts: BatchCounts) => void;
  readonly onFailure: (event: StoredEvent, attempts: number, error: string) => void;
}

/**
 * Applies events one by one, because one of them may be what made a batch fail or a process end.
 * Each attempt is stored before it is made; after five the event is parked and the others go on.
 *
 * Rethrows the store's faults, which count nothing, and `Fenced`. One per feed: remembers the event
 * whose attempt was counted but not made because the store failed.
 */
export class CarefulApplier {
  private counted: { readonly event: StoredEvent; readonly attempt: Attempt } | undefined;

  constructor(
    private readonly store: ReadStore,
    private readonly target: Target,
  ) {}

  async apply(
    from: Position | undefined,
    events: readonly StoredEvent[],
    options: CarefulOptions,
  ): Promise<void> {
    let position = from;
    let passed: StoredEvent[] = [];
    const advance = (to: Position, counts: BatchCounts): void => {
      position = to;
      passed = [];
      options.onProgress(to, counts);
    };
    for (const event of events) {
      if (options.signal.aborted) return;
      // Events that the projection passes over cannot fail: they move with the next one that it does not.
      if (!readBy(this.target.projection, event)) {
        passed.push(event);
        continue;
      }
      const counts = await this.applyOne(position, passed, event, options);
      if (!counts) return;
      advance(event.position, counts);
    }
    const last = passed.at(-1);
    if (last) advance(last.position, await applyBatch(this.store, this.target, position, passed));
  }

  /** Undefined when it was told to stop, or the projection stops here. */
  private async applyOne(
    from: Position | undefined,
    passed: readonly StoredEvent[],
    event: StoredEvent,
    { signal, onFailure }: CarefulOptions,
  ): Promise<BatchCounts | undefined> {
    while (!signal.aborted) {
      const { attempts, error, discarded } = await this.count(event);
      if (attempts > maxAttempts && !discarded) {
        return this.park(from, passed, event, error ?? 'the process ended while it was applied');
      }
      try {
        return await this.tryOne(from, passed, event);
      } catch (failure) {
        // What the store fails by says nothing of the event: the attempt is not counted again.
        if (isStoreFault(failure)) throw failure;
        this.counted = undefined;
        if (failure instanceof Fenced) throw failure;
        const described = describeError(failure);
        onFailure(event, attempts, described);
        await noteFailure(this.store, this.target, event, described);
        if (attempts >= maxAttempts) return this.park(from, passed, event, described);
        await pause(firstPauseMs * 2 ** attempts, signal);
      }
    }
    return undefined;
  }

  private async count(event: StoredEvent): Promise<Attempt> {
    if (this.counted?.event.id !== event.id) {
      this.counted = { event, attempt: await beginAttempt(this.store, this.target, event) };
    }
    return this.counted.attempt;
  }

  private async tryOne(
    from: Position | undefined,
    passed: readonly StoredEvent[],
    event: StoredEvent,
  ): Promise<BatchCounts> {
    const counts = await applyBatch(this.store, this.target, from, [...passed, event], (client) =>
      clearAttempts(client, this.target, event),
    );
    this.counted = undefined;
    return counts;
  }

  private async park(
    from: Position | undefined,
    passed: readonly StoredEvent[],
    event: StoredEvent,
    error: string,
  ): Promise<BatchCounts | undefined> {
    if (this.target.projection.order === 'global') return this.stop(from, passed, event, error);
    return this.store.transaction(async (client) => {
      const step = [...passed, event];
      if (!(await moveCheckpoint(client, this.target, from, step))) throw new Fenced();
      await park(client, this.target, event, { attempts: maxAttempts, error });
      await clearAttempts(client, this.target, event);
      return { done: 0, skipped: passed.length, parked: 1 };
    }, setUp(this.target));
  }

  /** A projection that needs order across streams stops before the event, which is listed as parked. */
  private async stop(
    from: Position | undefined,
    passed: readonly StoredEvent[],
    event: StoredEvent,
    error: string,
  ): Promise<undefined> {
    await this.store.transaction(async (client) => {
      if (passed.length > 0 && !(await moveCheckpoint(client, this.target, from, passed))) {
        throw new Fenced();
      }
      const at = passed.at(-1)?.position ?? from;
      if (!(await stopAt(client, this.target, at, error))) throw new Fenced();
      await park(client, this.target, event, { attempts: maxAttempts, error });
      await clearAttempts(client, this.target, event);
    }, setUp(this.target));
  }
}
