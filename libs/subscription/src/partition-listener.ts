import type { OwnPartition } from './checkpoints.js';
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
