import { pause } from '#event-log/pause.js';
import type { StoreLogger } from '#read-store/read-store.js';

import {
  type Attempt,
  beginAttempt,
  clearAttempts,
  maxAttempts,
  noteFailure,
  withdrawAttempt,
} from './attempts.js';
import { Fenced } from './checkpoints.js';
import { describeError } from './describe-error.js';
import { isTransientFor } from './follower.js';
import type { Checkpoint, Item } from './source.js';
import { type Counts, handleStep, parkStep, type SortedStep, type StepContext } from './step.js';

/** Between two attempts on one event: longer each time, in case it fails by something that passes. */
const firstPauseMs = 20;

export interface IsolationParts {
  readonly logger: StoreLogger;
  readonly beforeTry: () => Promise<void>;
  readonly onFailure: () => void;
}

/**
 * Handles events one by one, because one of them may be what made a batch fail or a process end. Each
 * attempt is stored before it is made; after five the event is parked and the others go on.
 *
 * Rethrows what is transient, which counts nothing, and `Fenced`. One per partition: remembers the event
 * whose attempt was counted but not made because the store failed.
 */
export class Isolation<T> {
  private counted: { readonly eventId: string; readonly attempt: Attempt } | undefined;

  constructor(
    private readonly context: () => StepContext<T>,
    private readonly parts: IsolationParts,
  ) {}

  /** Undefined when it was stopped. `item` is the only one of `step`. */
  async handle(
    from: Checkpoint,
    step: SortedStep<T>,
    item: Item<T>,
    signal: AbortSignal,
  ): Promise<Counts | undefined> {
    const context = this.context();
    const { store, follower, own } = context;
    while (!signal.aborted) {
      const { attempts, error } = await this.count(item);
      if (attempts > maxAttempts) {
        return this.park(from, step, item, error ?? 'the process ended while it was handled');
      }
      try {
        await this.parts.beforeTry();
        const counts = await handleStep(context, from, step, signal);
        this.counted = undefined;
        return counts;
      } catch (failure) {
        if (isAborted(signal) && failure === signal.reason) {
          // It was stopped in order, in the middle: the event is not to blame.
          this.counted = undefined;
          await withdrawAttempt(store, own, item.id);
          return undefined;
        }
        // A transient failure is not the event's fault: the attempt is not counted again.
        if (isTransientFor(follower, failure)) throw failure;
        this.counted = undefined;
        if (failure instanceof Fenced) {
          // Whoever moved the checkpoint may have handled the event before it was counted here.
          await clearAttempts(store.pool, own, [item.id]);
          throw failure;
        }
        const described = describeError(failure);
        this.parts.onFailure();
        this.parts.logger.warn(
          { ...this.fieldsOf(item), attempts, error: described },
          'an event cannot be handled',
        );
        await noteFailure(store, own, item.id, described);
        if (attempts >= maxAttempts) return this.park(from, step, item, described);
        await pause(firstPauseMs * 2 ** attempts, signal);
      }
    }
    return undefined;
  }

  private async count({ id: eventId }: Item<T>): Promise<Attempt> {
    if (this.counted?.eventId !== eventId) {
      const { store, own } = this.context();
      this.counted = { eventId, attempt: await beginAttempt(store, own, eventId) };
    }
    return this.counted.attempt;
  }

  private async park(
    from: Checkpoint,
    step: SortedStep<T>,
    item: Item<T>,
    error: string,
  ): Promise<Counts> {
    const counts = await parkStep(this.context(), from, step, {
      attempts: maxAttempts,
      error,
    });
    this.parts.logger.error({ ...this.fieldsOf(item), error }, 'an event is parked');
    return counts;
  }

  private fieldsOf({ key: stream, type, id: eventId }: Item<T>): object {
    const { subscription, scope, partition } = this.context().own;
    return { subscription, scope, partition, stream, type, eventId };
  }
}

/** Read anew, since the compiler takes what was read before for what still holds. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;
