import type { DomainEvent } from '#kernel/event.js';

// The names below are the storage format.

/** One stream per projection: what operators did about the events that it could not apply. */
export const parkedEventCategory = 'parkedEvent';
export const parkedEventStream = (projection: string): string =>
  `${parkedEventCategory}-${projection}`;

/** The event that is parked, as it stood when somebody looked at it. */
export interface ParkedFacts {
  readonly eventId: string;
  readonly stream: string;
  /** 64-bit, hence a string. */
  readonly revision: string;
  readonly eventType: string;
  readonly error: string | null;
}

export type ParkedRetryRequested = DomainEvent<'ParkedRetryRequested', ParkedFacts>;
/** The event is passed over for good, in this build of the projection and in every later one. */
export type ParkedDiscarded = DomainEvent<'ParkedDiscarded', ParkedFacts>;

export type ParkedEventEvent = ParkedRetryRequested | ParkedDiscarded;
