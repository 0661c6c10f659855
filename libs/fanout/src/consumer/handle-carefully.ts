import { pause } from '#event-log/pause.js';
import { Fenced } from '#read-store/apply-batch.js';
import { maxAttempts } from '#read-store/attempts.js';
import { describeError } from '#read-store/parking.js';
import type { ReadStore, StoreLogger } from '#read-store/read-store.js';
import { isStoreFault } from '#read-store/store-errors.js';

import type { Consumer } from '../consumer.js';
import type { Fact } from '../fact.js';
import type { Place } from '../transport/transport.js';
import { type Attempt, beginAttempt, clearAttempts, noteFailure } from './attempts.js';
import { buryFacts, type FactCounts, handleStep, type SortedStep } from './handle-step.js';
import type { OwnPartition } from './places.js';

/** Between two attempts on one fact: longer each time, in case it fails by something that passes. */
const firstPauseMs = 20;

export interface CarefulContext {
  readonly store: ReadStore;
  readonly consumer: Consumer;
  readonly logger: StoreLogger;
  readonly told: { failed(): void };
}

/**
 * Handles facts one by one, because one of them may be what made a batch fail or a process end. Each
 * attempt is stored before it is made; after five the fact is laid aside and the others go on.
 *
 * Rethrows the store's faults, which count nothing, and `Fenced`. One per partition: remembers the fact
 * whose attempt was counted but not made because the store failed.
 */
export class CarefulHandler {
  private counted: { readonly factId: string; readonly attempt: Attempt } | undefined;

  constructor(
    private readonly context: CarefulContext,
    private readonly own: OwnPartition,
  ) {}

  /** Undefined when it was told to stop. `fact` is the only one of `step`. */
  async handle(
    from: Place,
    step: SortedStep,
    fact: Fact,
    signal: AbortSignal,
  ): Promise<FactCounts | undefined> {
    const { store } = this.context;
    while (!signal.aborted) {
      const { attempts, error } = await this.count(fact);
      if (attempts > maxAttempts) {
        return this.bury(from, step, fact, error ?? 'the process ended while it was handled');
      }
      try {
        const counts = await handleStep(this.stepContext, from, step);
        this.counted = undefined;
        return counts;
      } catch (failure) {
        // What the store fails by says nothing of the fact: the attempt is not counted again.
        if (isStoreFault(failure)) throw failure;
        this.counted = undefined;
        if (failure instanceof Fenced) {
          // Whoever moved the consumer may have handled the fact before it was counted here.
          await clearAttempts(store.pool, this.own.consumer, [fact.id]);
          throw failure;
        }
        const described = describeError(failure);
        await this.noteFailure(fact, attempts, described);
        if (attempts >= maxAttempts) return this.bury(from, step, fact, described);
        await pause(firstPauseMs * 2 ** attempts, signal);
      }
    }
    return undefined;
  }

  private get stepContext() {
    const { store, consumer } = this.context;
    return { store, consumer, own: this.own };
  }

  private async count({ id: factId }: Fact): Promise<Attempt> {
    if (this.counted?.factId !== factId) {
      const attempt = await beginAttempt(this.context.store, this.own.consumer, factId);
      this.counted = { factId, attempt };
    }
    return this.counted.attempt;
  }

  private async noteFailure(fact: Fact, attempts: number, error: string): Promise<void> {
    const { store, told, logger } = this.context;
    told.failed();
    logger.warn({ ...this.fieldsOf(fact), attempts, error }, 'a fact cannot be handled');
    await noteFailure(store, this.own.consumer, fact.id, error);
  }

  private async bury(
    from: Place,
    step: SortedStep,
    fact: Fact,
    error: string,
  ): Promise<FactCounts> {
    const failure = { attempts: maxAttempts, error };
    const counts = await buryFacts(this.stepContext, from, step, failure);
    const { logger } = this.context;
    logger.error({ ...this.fieldsOf(fact), error }, 'a fact is laid aside with the dead letters');
    return counts;
  }

  private fieldsOf({ stream, type, id: factId }: Fact): object {
    const { consumer, topic, partition } = this.own;
    return { consumer, topic, partition, stream, type, factId };
  }
}
