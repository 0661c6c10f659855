import type { EventLog } from '#event-log/event-log.js';
import type { LogTail } from '#event-log/log-tail.js';

import type { BatchCounts } from './apply-batch.js';
import type { Lease } from './lease.js';
import type { ReadStore, StoreLogger } from './read-store.js';

export interface FeedObserver {
  counted(projection: string, counts: BatchCounts): void;
  failed(projection: string): void;
  /** It moved, or knows that there is nothing to do for it here and now. */
  progressed(projection: string): void;
  /** It cannot write until the disk of the read store has room again. */
  outOfSpace(projection: string): void;
  /** The log is not the one that the build was made from. Without a reason: it is again, or the build is left. */
  logReplaced(projection: string, build: number, reason?: string): void;
}

export interface FeedContext {
  readonly store: ReadStore;
  readonly log: EventLog;
  readonly tail: LogTail;
  readonly lease: Lease;
  /** This runner, for the whole life of its process. */
  readonly holder: string;
  readonly logger: StoreLogger;
  readonly observer: FeedObserver;
}
