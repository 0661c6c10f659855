import type { KafkaMessage } from 'kafkajs';

import { comparePositions } from '#event-log/position.js';
import { contentIdOf } from '#kernel/ids.js';
import { type Checkpoint, type Item, type Partition, Undecodable } from '#subscription/source.js';

import { NotAFact, type ReceivedRecord, toFact } from '../cloud-event.js';
import type { Fact } from '../fact.js';
import { toStored } from '../stored-record.js';

/** What the broker has of a partition: the first offset that is still there, and the end for a read_committed reader. */
export interface Extent {
  readonly low: bigint;
  readonly high: bigint;
}

/** A partition that the group has given to this process. */
export interface Assigned extends Partition {
  /** Resolves when the client has been given its offset. */
  sought: Promise<void>;
  /** Undefined until then. */
  cursor: Cursor | undefined;
  /** An operator paused it. */
  isPaused: boolean;
  /** A fact of it was found in the event log. */
  isOurs: boolean;
  /** When `cursor.next` last moved, in milliseconds of `performance`. */
  movedAt: number;
}

export interface Cursor {
  checkpoint: Checkpoint;
  /** The offset that the client asks for next. */
  next: bigint;
  /** The record at `next` has to be the one that was taken last. */
  check: boolean;
  /** The offset that was committed to the group last. */
  committed?: bigint;
}

/** Why the partition cannot be read on from `checkpoint`; undefined where it can. */
export const problemOf = (
  { nextOffset }: Checkpoint,
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
export const cursorAt = (checkpoint: Checkpoint, { low }: Extent): Cursor => {
  const { recordOffset, nextOffset } = checkpoint;
  if (recordOffset !== undefined && recordOffset >= low) {
    return { checkpoint, next: recordOffset, check: true };
  }
  return { checkpoint, next: nextOffset < low ? low : nextOffset, check: false };
};

/** Whether `first`, read at the offset of the last fact, is that fact. */
export const isLastRecord = (
  { position, recordOffset }: Checkpoint,
  first: Pick<Item<Fact>, 'offset' | 'position'> | undefined,
): boolean => {
  if (!first || !position || first.offset !== recordOffset) return false;
  return first.position !== undefined && comparePositions(first.position, position) === 0;
};

export const itemOf = (own: Partition, message: KafkaMessage): Item<Fact> => {
  const offset = BigInt(message.offset);
  const { key, value, headers } = message;
  const record: ReceivedRecord = { key, value, headers };
  const payload = payloadOf(record);
  const fact = payload instanceof Undecodable ? undefined : payload;
  return {
    id: fact?.id ?? idOf(own, message),
    key: fact?.stream ?? toStored(record).key,
    type: fact?.type ?? null,
    revision: fact?.revision ?? null,
    position: fact?.position,
    ...{ offset, nextOffset: offset + 1n, recordedAt: fact?.recordedAt, payload },
    record: () => toStored(record),
  };
};

/** Of its content too: in a topic that was made anew another record lies there, which nobody has discarded. */
const idOf = (
  { scope, partition }: Partition,
  { offset, key, value, headers }: KafkaMessage,
): string => {
  const content = JSON.stringify(toStored({ key, value: null, headers }));
  return contentIdOf(
    ...(['record', scope, String(partition), offset] as const),
    ...[content, value?.toString('base64') ?? ''],
  );
};

const payloadOf = (record: ReceivedRecord): Fact | Undecodable => {
  try {
    return toFact(record);
  } catch (error) {
    if (error instanceof NotAFact) return new Undecodable(`no fact: ${error.message}`);
    throw error;
  }
};

export const moveNext = (assigned: Assigned, cursor: Cursor, next: bigint): void => {
  cursor.next = next;
  assigned.movedAt = performance.now();
};

export const otherRecord = ({ checkpoint: { recordOffset, position } }: Cursor): string =>
  `the record at offset ${String(recordOffset)} is not the one at position ` +
  `${String(position?.commit)} that was taken last: the topic was made anew or lost records`;
