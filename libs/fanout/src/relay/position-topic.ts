import type { Kafka } from 'kafkajs';

import { lookBack, readCommitted } from '../cluster/read-committed.js';
import { decodePosition, markerKey, positionKey, type RelayPosition } from './position-record.js';

export interface Marker {
  /** Name of the position topic on the cluster. */
  readonly topic: string;
  readonly nonce: string;
  readonly offset: bigint;
}

/**
 * The last committed position before our own marker. Once a read_committed reader is given the
 * marker, every earlier transaction has ended, so none can still add to what was read. Null where the
 * topic holds no position. Throws `UnreadablePosition`, or what the cluster says.
 */
export const readPosition = async (kafka: Kafka, marker: Marker): Promise<RelayPosition | null> => {
  const bytes = await lookBack(0n, marker.offset, (from) => lastBefore(kafka, marker, from));
  return bytes && decodePosition(bytes);
};

const lastBefore = async (kafka: Kafka, marker: Marker, from: bigint): Promise<Buffer | null> => {
  const { topic, nonce, offset } = marker;
  const read: { position: Buffer | null; marker: boolean } = { position: null, marker: false };
  await readCommitted({
    kafka,
    topic,
    stretches: [{ partition: 0, from, until: offset + 1n }],
    onMessage: (_, { key, value }) => {
      if (key?.toString() === positionKey) read.position = value;
      if (key?.toString() === markerKey && value?.toString() === nonce) read.marker = true;
    },
  });
  // It may be that another relay has begun since: compaction keeps only its marker.
  if (!read.marker) throw new Error('the position topic does not hold what was just written there');
  return read.position;
};
