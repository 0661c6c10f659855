import type { DomainEvent } from '#kernel/event.js';

// The names below are the storage format.

/** One stream per consumer: what operators asked of it. The running consumer carries each out once. */
export const consumerCategory = 'consumer';
export const consumerStream = (consumer: string): string => `${consumerCategory}-${consumer}`;

/**
 * Facts after `to` are delivered again, by whichever transport the consumer runs on from then on. Null:
 * all of them. A commit position of the log as a decimal string. Why is in the event's metadata.
 */
export type ConsumerReset = DomainEvent<'ConsumerReset', { readonly to: string | null }>;

/** A dead letter as it stood when somebody looked at it: the key names those that wait behind it too. */
export interface DeadLetterFacts {
  readonly topic: string;
  readonly key: string;
  readonly factId: string;
  /** Null where the record is no fact: then it is tried alone. */
  readonly type: string | null;
  readonly error: string | null;
}

/** The dead letters of that letter's key are handled again, in order; null: all of the consumer. */
export type DeadLettersRetried = DomainEvent<
  'DeadLettersRetried',
  { readonly letter: DeadLetterFacts | null }
>;

/**
 * The dead letter is given up for good: only a reset brings its fact again. Those that wait behind it
 * stay until they are retried.
 */
export type DeadLetterDiscarded = DomainEvent<
  'DeadLetterDiscarded',
  { readonly letter: DeadLetterFacts }
>;

export type ConsumerEvent = ConsumerReset | DeadLettersRetried | DeadLetterDiscarded;
