import type { EventLog, StoredEvent } from '#event-log/event-log.js';
import type { ReadStore, StoreLogger } from '#read-store/read-store.js';

import type { Follower } from './follower.js';
import type { KnownSubscription } from './known-subscriptions.js';

export interface ProcessParts {
  readonly log: EventLog;
  readonly store: ReadStore;
  readonly logger: StoreLogger;
}

/**
 * A process that follows the log: an event in, commands out. Its commands carry ids that are derived from
 * the event, so that a repeated event sends the same command and changes nothing.
 */
export interface DeclaredProcess<T = unknown> extends Pick<
  KnownSubscription,
  'name' | 'forgets' | 'startOnly'
> {
  /** As `Follower.read`. */
  read(this: void, event: StoredEvent): T | undefined;
  follower(this: void, parts: ProcessParts): Follower<T>;
}
