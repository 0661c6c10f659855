import type { KafkaMessage } from 'kafkajs';

import { comparePositions } from '#event-log/position.js';

import { NotAFact, type ReceivedRecord, toFact } from '../cloud-event.js';
import type { Fact } from '../fact.js';
import type { Incoming, Partition, Place } from './transport.js';

/** What the broker has of a partition: the first offset that is still there, and the end for a read_committed reader. */
export interface Extent {
  readonly low: bigint;
  readonly high: bigint;
}

/** A partition that the group has given to this process. */
export interface Assigned extends Partition {
  /** Resolves when the consumer was told where to read. */
  aimed: Promise<void>;
  /** Undefined until then. */
  aim: Aim | undefined;
  /** A fact of it was found in the event log. */
  isOurs: boolean;
  /** When `aim.next` last moved, in milliseconds of `performance`. */
  movedAt: number;
}

export interface Aim {
  place: Place;
  /** The offset that the client asks for next. */
  next: bigint;
  /** The record at `next` has to be the one that was taken last. */
  check: boolean;
  /** The offset that the group was told last. */
  committed?: bigint;
}

/** Why the partition cannot be read on from `place`; undefined where it can. */
export const problemOf = (
  { nextOffset }: Place,
  extent: Extent | undefined,
): string | undefined => {
  if (!extent) return 'the partition is gone';
  const { low, high } = extent;
  if (high < nextOffset) {
    return (
      `it ends at offset ${String(high)}, and facts up to ${String(nextOffset)} were taken: ` +
      'the topic was made anew or lost records'
    );
  }
  if (nextOffset > 0n && low > nextOffset) {
    return `records from offset ${String(nextOffset)} to ${String(low)} were deleted before they were taken`;
  }
  return undefined;
};

/**
 * Where to read: from the record that was taken last, so that it can be seen to be the same one still.
 * From the beginning that there is where nothing was taken yet.
 */
export const aimAt = (place: Place, { low }: Extent): Aim => {
  const { factOffset, nextOffset } = place;
  if (factOffset !== undefined && factOffset >= low) {
    return { place, next: factOffset, check: true };
  }
  return { place, next: nextOffset < low ? low : nextOffset, check: false };
};

/** Whether `first`, read at the offset of the last fact, is that fact. */
export const isTheOneTaken = (
  { position, factOffset }: Place,
  first: Incoming | undefined,
): boolean => {
  if (!first || !position || first.offset !== factOffset || 'problem' in first.content) {
    return false;
  }
  return comparePositions(first.content.position, position) === 0;
};

export const incomingOf = (message: KafkaMessage): Incoming => {
  const offset = BigInt(message.offset);
  const { key, value, headers } = message;
  const record: ReceivedRecord = { key, value, headers };
  return { offset, nextOffset: offset + 1n, content: contentOf(record), record: () => record };
};

const contentOf = (record: ReceivedRecord): Fact | { readonly problem: string } => {
  try {
    return toFact(record);
  } catch (error) {
    if (error instanceof NotAFact) return { problem: `no fact: ${error.message}` };
    throw error;
  }
};

export const moveNext = (assigned: Assigned, aim: Aim, next: bigint): void => {
  aim.next = next;
  assigned.movedAt = performance.now();
};

export const otherRecord = ({ place: { factOffset, position } }: Aim): string =>
  `the record at offset ${String(factOffset)} is not the one at position ` +
  `${String(position?.commit)} that was taken last: the topic was made anew or lost records`;
