import { LRUCache } from 'lru-cache';

import type { EventLog, Position } from '#event-log/event-log.js';
import { isMissingRelation } from '#read-store/store-errors.js';

import { lookAlikeKeyOf } from '../../look-alike.js';
import type { LookAlikes, ResemblingManufacturer } from '../../look-alikes.js';
import { makerGroupOf } from '../../manufacturer/maker-group.js';

/**
 * Answers that are remembered. What is asked ahead is needed soon, but a row of a manufacturer with many waits for those
 * before it, while others pass.
 */
const maxRemembered = 20_000;

/** Models that are looked up together. */
const gathered = 200;

/** How long is waited before it is seen whether anybody still waits. */
const stepMs = 1_000;
/** How long somebody may take to begin to gather it: a projector that starts beside this process. */
const absentMs = 3_000;

type Remembered<T> = LRUCache<string, Promise<readonly T[]>>;
const remembered = <T>(): Remembered<T> => new LRUCache({ max: maxRemembered });

const once = <T>(
  known: Remembered<T>,
  key: string,
  ask: () => Promise<readonly T[]>,
): Promise<readonly T[]> => {
  const found = known.get(key) ?? ask();
  known.set(key, found);
  found.catch(() => known.delete(key));
  return found;
};

/**
 * What is registered and looks alike, by the read model, once that has everything up to the log's head at the
 * start. Where it does not come to that in time it answers with what it has: it is advice.
 */
export class RegisteredNames {
  private readonly makers = remembered<ResemblingManufacturer>();
  private readonly products = remembered<string>();
  private expected: string[] = [];
  private ready: Promise<void> | undefined;
  private head: Promise<Position | undefined>;

  /** `late` is called where the read model stays behind. Without `lookAlikes` nothing is found. */
  constructor(
    private readonly log: Pick<EventLog, 'head'>,
    private readonly lookAlikes: LookAlikes | undefined,
    private readonly withinMs: number,
    private readonly signal: AbortSignal,
    private readonly late: () => void = () => undefined,
  ) {
    this.head = lookAlikes ? log.head() : Promise.resolve(undefined);
    this.head.catch(() => undefined);
  }

  manufacturersLike(name: string): Promise<readonly ResemblingManufacturer[]> {
    return once(this.makers, makerGroupOf(name), () =>
      this.ask((lookAlikes) => lookAlikes.manufacturers([name])),
    );
  }

  /** Says that a row will ask for the model: many are looked up together, at the latest when one is asked for. */
  expect(model: string): void {
    this.expected.push(model);
    if (this.expected.length >= gathered) this.askExpected();
  }

  /** Ids of products. */
  productsOfModel(model: string): Promise<readonly string[]> {
    if (!this.products.has(lookAlikeKeyOf(model))) this.askExpected();
    return this.lookUp(model);
  }

  private askExpected(): void {
    for (const model of this.expected.splice(0)) void this.lookUp(model);
  }

  private lookUp(model: string): Promise<readonly string[]> {
    return once(this.products, lookAlikeKeyOf(model), () =>
      this.ask((lookAlikes) => lookAlikes.productsOfModel(model)),
    );
  }

  private async ask<T>(
    question: (lookAlikes: LookAlikes) => Promise<readonly T[]>,
  ): Promise<readonly T[]> {
    if (!this.lookAlikes) return [];
    const ready = (this.ready ??= this.waited(this.lookAlikes));
    await ready.catch((error: unknown) => {
      // A store was away: the next one waits anew.
      if (this.ready === ready) this.ready = undefined;
      throw error;
    });
    try {
      return await question(this.lookAlikes);
    } catch (error) {
      // It was never built.
      if (isMissingRelation(error)) return [];
      throw error;
    }
  }

  private async waited(lookAlikes: LookAlikes): Promise<void> {
    this.head = this.head.catch(() => this.log.head());
    const head = await this.head;
    const begun = performance.now();
    for (;;) {
      const standing = head ? await lookAlikes.reaches(head, stepMs) : 'reached';
      if (standing === 'reached') return;
      this.signal.throwIfAborted();
      const longest = standing === 'absent' ? Math.min(absentMs, this.withinMs) : this.withinMs;
      if (performance.now() - begun > longest) {
        this.late();
        return;
      }
    }
  }
}
