import type { ReadStore, StoreLogger } from '#read-store/read-store.js';

import type { OwnPartition } from './checkpoints.js';
import type { Follower } from './follower.js';
import type { Checkpoint } from './source.js';
import type { Counts } from './step.js';

/** Notified of what becomes of a partition. */
export interface PartitionListener {
  counted(counts: Counts): void;
  /** An attempt failed. */
  failed(): void;
  moved(own: OwnPartition, to: Checkpoint, recordedAt?: string): void;
  /** An operator paused it: no progress is to be expected. */
  paused(own: OwnPartition): void;
  /** Waits for something that passes; undefined: no longer. */
  waits(own: OwnPartition, reason: string | undefined): void;
}

/** What a worker works with. */
export interface WorkerContext<T> {
  readonly store: ReadStore;
  readonly follower: Follower<T>;
  readonly logger: StoreLogger;
  /** This process, for the whole of its life. */
  readonly holder: string;
  readonly listener: PartitionListener;
  /** Whether a reader waits for what lies behind `offset`. */
  readonly isAwaited?: (offset: bigint) => boolean;
}
