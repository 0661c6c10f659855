import type { ReadStore } from '#read-store/read-store.js';

import type { Moved } from './checkpoints.js';
import type { SubscriptionClient } from './follower.js';
import { type Move, moveTogether } from './move-together.js';
import { perStore } from './per-store.js';

/** Who shares a transaction does not wait for a lock or a statement of another one for long. */
const limits = 'set local lock_timeout = 300; set local statement_timeout = 5000';
/** After a failure that nobody knows whose it is, each is on its own for so long. */
const aloneMs = 1_000;

/** A move, and what is written along with it. */
export interface SharedStep<R> extends Move {
  /** SQL before `write`. */
  readonly setUp: string;
  write(client: SubscriptionClient, moved: Moved): Promise<R>;
}

interface Waiting {
  readonly move: Move;
  readonly step: SharedStep<unknown> | undefined;
  /** Undefined: on its own. */
  readonly resolve: (result: unknown) => void;
}

/**
 * Moves of checkpoints, and what is written along with them, that come in one moment: they share a
 * transaction. Each stays behind its own fence; where one fails, all are rolled back and made one by one.
 */
export class Turns {
  private waiting: Waiting[] = [];
  private aloneUntil = -Infinity;

  constructor(private readonly store: ReadStore) {}

  /** Undefined where it has to be moved alone: nothing was written then. */
  move(move: Move): Promise<Moved | undefined> {
    return this.join(move, undefined) as Promise<Moved | undefined>;
  }

  /** What the step's `write` resolved to, once it is committed; undefined as `move`. */
  take<R>(step: SharedStep<R>): Promise<R | undefined> {
    return this.join(step, step) as Promise<R | undefined>;
  }

  private join(move: Move, step: SharedStep<unknown> | undefined): Promise<unknown> {
    return new Promise((resolve) => {
      this.waiting.push({ move, step, resolve });
      if (this.waiting.length === 1) setImmediate(() => void this.run());
    });
  }

  private async run(): Promise<void> {
    const all = this.waiting;
    this.waiting = [];
    const isOne = all.length === 1 && all[0]?.step !== undefined;
    const isAlone = isOne || performance.now() < this.aloneUntil;
    const results = isAlone ? [] : await this.runTogether(all);
    for (const [index, { resolve }] of all.entries()) resolve(results[index]);
  }

  private async runTogether(all: readonly Waiting[]): Promise<readonly unknown[]> {
    const { store } = this;
    const moves = all.map(({ move }) => move);
    try {
      if (all.every(({ step }) => !step)) return await moveTogether(store.pool, moves);
      return await store.transaction(async (client) => {
        const moved = await moveTogether(client, moves);
        const results: unknown[] = [];
        for (const [index, { step }] of all.entries()) {
          const one = moved[index];
          if (one && step) {
            await client.query(step.setUp);
            results.push(await step.write(client, one));
          } else results.push(one);
        }
        return results;
      }, limits);
    } catch {
      // Whose fault it is, and what it is, is found out by each on its own.
      this.aloneUntil = performance.now() + aloneMs;
      return [];
    }
  }
}

export const turnsOf = perStore((store) => new Turns(store));
