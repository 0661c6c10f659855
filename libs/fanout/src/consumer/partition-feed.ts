import { Fenced } from '#read-store/apply-batch.js';
import { describeError } from '#read-store/parking.js';
import { isStoreFault } from '#read-store/store-errors.js';

import { Backoff } from '../backoff.js';
import type { Delivery, Incoming, Place } from '../transport/transport.js';
import { type CarefulContext, CarefulHandler } from './handle-carefully.js';
import {
  type FactCounts,
  handleStep,
  type SortedStep,
  sortStep,
  type Step,
} from './handle-step.js';
import {
  movePlace,
  openPlace,
  type OwnPartition,
  putDownPlace,
  TransportChanged,
} from './places.js';

/** A step: at most so many records, and fewer after one that took longer. */
const maxRecords = 1_000;
const maxStepMs = 2_000;
/** Where nothing has to be handled, the table's row is moved this seldom. */
const persistMs = 1_000;

/** Who hears what becomes of a partition. */
export interface FeedListener {
  counted(counts: FactCounts): void;
  /** An attempt failed. */
  failed(): void;
  stands(own: OwnPartition, place: Place, recordedAt?: string): void;
  /** Waits for the store; undefined: no longer. */
  waits(own: OwnPartition, reason: string | undefined): void;
}

export interface FeedContext extends CarefulContext {
  /** This runner, for the whole life of its process. */
  readonly holder: string;
  readonly told: FeedListener;
}

/** What is left of a delivery. */
interface Work {
  readonly delivery: Delivery;
  rest: readonly Incoming[];
  /** One record at a time: one of them may be what made a step fail or a process end. */
  careful: boolean;
}

/** Handles what comes of one partition, for as long as this process reads it. */
export class PartitionFeed {
  private readonly careful: CarefulHandler;
  /** As the table says. */
  private stored: Place | undefined;
  /** Ahead of `stored` by records of which none had to be handled. */
  private place: Place | undefined;
  private persistedAt = 0;
  /** Records between the two. */
  private skipped = 0;
  private size = maxRecords;
  /** A process ended while it read this partition: perhaps by the next fact. */
  private suspect = false;
  private last: Promise<unknown> = Promise.resolve();
  private busy = 0;

  constructor(
    private readonly context: FeedContext,
    readonly own: OwnPartition,
  ) {
    this.careful = new CarefulHandler(context, own);
  }

  /**
   * Asks the table where to read on. Waits for the store; rejects with `TransportChanged`, and when
   * `signal` aborts.
   */
  open(signal: AbortSignal): Promise<Place> {
    return this.inTurn(() => this.openNow(signal));
  }

  /** See `Sink.take`. */
  take(delivery: Delivery, signal: AbortSignal): Promise<Place> {
    return this.inTurn(() => this.takeNow(delivery, signal));
  }

  /** Writes down how far it passed over what had not to be handled; later, where it is at work. */
  async persist(): Promise<void> {
    if (this.busy === 0) await this.inTurn(() => this.persistNow());
  }

  async putDown(): Promise<void> {
    await this.inTurn(() => this.persistNow());
    await putDownPlace(this.context.store, this.own, this.context.holder);
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.busy += 1;
    const result = this.last.then(work).finally(() => (this.busy -= 1));
    this.last = result.catch(() => undefined);
    return result;
  }

  private get fields(): object {
    const { consumer, topic, partition } = this.own;
    return { consumer, topic, partition };
  }

  private async openNow(signal: AbortSignal): Promise<Place> {
    const { store, holder } = this.context;
    for (const backoff = new Backoff(); ;) {
      signal.throwIfAborted();
      try {
        const { place, interrupted } = await openPlace(store, this.own, holder);
        if (interrupted) this.suspect = true;
        this.standAt(place);
        return place;
      } catch (error) {
        if (!isStoreFault(error)) throw error;
        await this.waitForStore(error, backoff, signal);
      }
    }
  }

  private standAt(place: Place, recordedAt?: string): void {
    this.stored = this.place = place;
    this.persistedAt = performance.now();
    this.skipped = 0;
    const { told } = this.context;
    told.waits(this.own, undefined);
    told.stands(this.own, place, recordedAt);
  }

  private async takeNow(delivery: Delivery, signal: AbortSignal): Promise<Place> {
    let place = this.place ?? (await this.openNow(signal));
    const work: Work = { delivery, rest: delivery.records, careful: this.suspect };
    const backoff = new Backoff();
    // Else it was read before the consumer was moved back.
    let isLeft = delivery.from <= place.nextOffset;
    while (isLeft && !signal.aborted) {
      try {
        isLeft = await this.step(work, place, signal);
        place = this.place ?? place;
        backoff.reset();
      } catch (error) {
        if (error instanceof Fenced) {
          this.context.logger.warn(this.fields, 'the consumer was moved by somebody else');
          return this.openNow(signal);
        }
        if (error instanceof TransportChanged) throw error;
        await this.waitOut(error, backoff, signal);
      }
    }
    return place;
  }

  /** Whether anything of the delivery is left. */
  private async step(work: Work, place: Place, signal: AbortSignal): Promise<boolean> {
    const { delivery, careful } = work;
    const size = careful ? 1 : this.size;
    const rest = work.rest.slice(size);
    const step = sortStep(place, stepOf(delivery, work.rest.slice(0, size), rest));
    if (step.facts.length + step.problems.length === 0) await this.pass(step);
    else if (!(await this.handle(work, step, signal))) return true;
    work.rest = rest;
    if (careful && rest.length === 0 && step.facts.length > 0) this.suspect = false;
    return rest.length > 0;
  }

  /** Nothing has to be handled. */
  private async pass(step: SortedStep): Promise<void> {
    const { told } = this.context;
    if (step.skipped > 0) told.counted({ done: 0, skipped: step.skipped, dead: 0 });
    this.skipped += step.skipped;
    this.place = step.to;
    told.stands(this.own, step.to);
    if (performance.now() - this.persistedAt >= persistMs) await this.persistNow();
  }

  private async persistNow(): Promise<void> {
    const { stored: from, place: to } = this;
    if (!from || !to) return;
    const stood = from.nextOffset === to.nextOffset && from.position === to.position;
    if (stood && this.skipped === 0) return;
    const passed = { done: 0, skipped: this.skipped };
    const { pool } = this.context.store;
    if (!(await movePlace(pool, this.own, from, to, passed))) throw new Fenced();
    this.standAt(to);
  }

  /** Whether it is handled: if not, it has to be gone about in another way, or there was no time for it. */
  private async handle(work: Work, step: SortedStep, signal: AbortSignal): Promise<boolean> {
    const from = this.stored;
    if (!from) throw new Fenced();
    const began = performance.now();
    // What was passed before is written down with the first step that moves the row.
    const whole = { ...step, skipped: step.skipped + this.skipped };
    try {
      const counts = await this.attempt(work, from, whole, signal);
      if (!counts) return false;
      const { told } = this.context;
      this.standAt(step.to, step.recordedAt);
      told.counted({ ...counts, skipped: step.skipped });
      if (!work.careful) this.fit(performance.now() - began);
      return true;
    } catch (error) {
      if (error instanceof Fenced || isStoreFault(error) || work.careful) throw error;
      const { told, logger } = this.context;
      const fields = { ...this.fields, error: describeError(error), facts: step.facts.length };
      logger.warn(fields, 'a batch cannot be handled: its facts are handled one by one');
      told.failed();
      work.careful = true;
      return false;
    }
  }

  private attempt(
    { careful }: Work,
    from: Place,
    step: SortedStep,
    signal: AbortSignal,
  ): Promise<FactCounts | undefined> {
    const [first] = step.facts;
    if (careful && first) return this.careful.handle(from, step, first.content, signal);
    const { store, consumer } = this.context;
    return handleStep({ store, consumer, own: this.own }, from, step);
  }

  private fit(ms: number): void {
    if (ms > maxStepMs) this.size = Math.max(1, Math.floor(this.size / 2));
    else if (ms * 4 < maxStepMs) this.size = Math.min(maxRecords, this.size * 2);
  }

  /**
   * The store's fault is waited out, however long it takes. Anything else is a bug of ours, and giving
   * up would not be better.
   */
  private async waitOut(error: unknown, backoff: Backoff, signal: AbortSignal): Promise<void> {
    if (isStoreFault(error)) {
      await this.waitForStore(error, backoff, signal);
      return;
    }
    const { logger, told } = this.context;
    const fields = { ...this.fields, err: error };
    logger.error(fields, 'the consumer failed unexpectedly and tries again');
    told.waits(this.own, describeError(error));
    await backoff.wait(signal);
  }

  private async waitForStore(error: unknown, backoff: Backoff, signal: AbortSignal): Promise<void> {
    const { logger, told } = this.context;
    logger.warn({ ...this.fields, err: error }, 'the consumer waits for the read store');
    told.waits(this.own, 'the read store does not answer');
    await backoff.wait(signal);
  }
}

const stepOf = (
  { through, end }: Delivery,
  records: readonly Incoming[],
  rest: readonly Incoming[],
): Step => {
  const last = records.at(-1);
  return {
    records,
    through: rest.length === 0 || !last ? through : { nextOffset: last.nextOffset },
    ...(end !== undefined && { end }),
  };
};
