import type { Position } from '#event-log/event-log.js';
import type { SubscriptionClient } from '#subscription/follower.js';

import type { Fact } from './fact.js';

/** The client of the transaction that also moves the consumer's checkpoint. */
export type ConsumerClient = SubscriptionClient;

/** Facts of one partition, in its order; facts of one stream are always of one partition. Never empty. */
export interface Batch {
  readonly topic: string;
  /** Always 0 where the log itself is the transport. */
  readonly partition: number;
  readonly facts: readonly Fact[];
}

/**
 * Somebody who takes published facts, each once, in the order of its stream.
 *
 * What `handle` writes with `client` is committed together with the offset, so that a fact counts
 * once whatever is killed when. What it does elsewhere may happen again after a crash.
 */
export interface Consumer {
  /** kebab-case and permanent: the name of its offsets, and its Kafka group. */
  readonly name: string;
  readonly topics: readonly string[];
  handle(batch: Batch, client: ConsumerClient): Promise<void>;
  /**
   * Undoes what was made of facts after `after` (undefined: of all), because they will be delivered
   * again. Throws a `Refusal` where it cannot. Absent: a reset needs nothing undone.
   */
  forget?(after: Position | undefined, client: ConsumerClient): Promise<void>;
}

/** What operators have to know of a consumer before they reset it. */
export interface KnownConsumer extends Pick<Consumer, 'name' | 'topics'> {
  /** What a reset undoes, for people; null where it undoes nothing. */
  readonly forgets: string | null;
  /** Why it can be reset to the start only; null where any position will do. */
  readonly startOnly: string | null;
}
