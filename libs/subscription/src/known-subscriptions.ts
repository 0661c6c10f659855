import type { StoredEvent } from '#event-log/event-log.js';
import { Refusal } from '#kernel/refusal.js';

import type { Kind } from './follower.js';

/** What operators have to know of a subscription before they request something of it. */
export interface KnownSubscription {
  readonly name: string;
  readonly kind: Kind;
  /** Of a projection; 0 for the others. */
  readonly version: number;
  /** What a reset undoes, for people; null where it undoes nothing. */
  readonly forgets: string | null;
  /** Why it can be reset to the start only; null where any position will do. */
  readonly startOnly: string | null;
  /** Whether it handles the event; one that this version does not know counts as one that it does. */
  mayHandle(event: StoredEvent): boolean;
}

/** The subscriptions of this version of the code, as one thing that can be injected. */
export class KnownSubscriptions {
  constructor(readonly all: readonly KnownSubscription[]) {}

  find(name: string): KnownSubscription | undefined {
    return this.all.find((subscription) => subscription.name === name);
  }

  /** Throws a `Refusal`: `SUBSCRIPTION_NOT_FOUND`, `NOT_A_PROJECTION`. */
  projection(name: string): KnownSubscription {
    const known = this.find(name);
    if (!known) throw subscriptionNotFound(name);
    if (known.kind === 'projection') return known;
    const message = `${name} is a ${known.kind}: it has no builds, and is reset, not rebuilt`;
    throw new Refusal('NOT_A_PROJECTION', 'conflict', message);
  }

  /**
   * Throws a `Refusal`: `SUBSCRIPTION_NOT_FOUND`, `RESET_OF_PROJECTION`, and `RESET_FROM_START_ONLY` where
   * it cannot be reset to a position.
   */
  resettable(name: string, to: string): KnownSubscription {
    const known = this.find(name);
    if (!known) throw subscriptionNotFound(name);
    if (known.kind === 'projection') {
      const message = `${name} is a projection: it is rebuilt, not reset`;
      throw new Refusal('RESET_OF_PROJECTION', 'conflict', message);
    }
    if (known.startOnly === null || to === 'start') return known;
    throw resetFromStartOnly(name, known.startOnly);
  }
}

export const subscriptionNotFound = (name: string): Refusal =>
  new Refusal('SUBSCRIPTION_NOT_FOUND', 'not-found', `there is no subscription ${name}`);

export const resetFromStartOnly = (name: string, reason: string): Refusal =>
  new Refusal(
    'RESET_FROM_START_ONLY',
    'conflict',
    `${name} can be reset to the start only (--to start): ${reason}`,
  );
