import { ProtoWriter } from '#protobuf/proto-writer.js';

import { writeUuid } from './encode-uuid.js';
import type { RecordedEvent } from './event.js';

/**
 * Answers of `Streams.Read`, written by hand: they are most of what the node does, and what is
 * written once goes to every subscriber.
 */

const JSON_TYPE = 'application/json';
const BINARY_TYPE = 'application/octet-stream';

/** An event and, when it was reached by a link, that link. */
export interface ResolvedEvent {
  /** Absent when a link leads nowhere. */
  readonly event?: RecordedEvent;
  readonly link?: RecordedEvent;
}

const capacityOf = (event: RecordedEvent | undefined): number =>
  event === undefined
    ? 0
    : event.data.byteLength +
      event.metadata.byteLength +
      3 * (event.stream.length + event.type.length) +
      300;

const writeProperty = (writer: ProtoWriter, key: string, value: string): void => {
  writer.message(6, (entry) => entry.string(2, value).string(1, key));
};

const writeRecorded = (
  writer: ProtoWriter,
  field: number,
  event: RecordedEvent,
  structuredIds: boolean,
): void => {
  writer.message(field, (recorded) => {
    recorded.bytes(8, event.data).bytes(7, event.metadata);
    writeProperty(recorded, 'created', event.created.toString());
    writeProperty(recorded, 'content-type', event.isJson ? JSON_TYPE : BINARY_TYPE);
    writeProperty(recorded, 'type', event.type);
    recorded
      .uint64(5, event.position)
      .uint64(4, event.position)
      .uint64(3, event.revision)
      .message(2, (stream) => stream.string(3, event.stream));
    recorded.message(1, (uuid) => writeUuid(uuid, event.id, structuredIds));
  });
};

export const encodeResolved = (resolved: ResolvedEvent, structuredIds: boolean): Buffer => {
  const { event, link } = resolved;
  const writer = new ProtoWriter(100 + capacityOf(event) + capacityOf(link));
  writer.message(1, (read) => {
    const original = link ?? event;
    if (original !== undefined) read.uint64(3, original.position);
    if (link !== undefined) writeRecorded(read, 2, link, structuredIds);
    if (event !== undefined) writeRecorded(read, 1, event, structuredIds);
  });
  return writer.finish();
};

const encoded = new WeakMap<RecordedEvent, Buffer>();

/** As `encodeResolved` with ids as text; the bytes are kept as long as the event is. */
export const encodeEvent = (event: RecordedEvent): Buffer => {
  const known = encoded.get(event);
  if (known !== undefined) return known;
  const bytes = encodeResolved({ event }, false);
  encoded.set(event, bytes);
  return bytes;
};

export const encodeConfirmation = (subscriptionId: string): Buffer =>
  new ProtoWriter(100)
    .message(2, (confirmation) => confirmation.string(1, subscriptionId))
    .finish();

export const encodeCheckpoint = (position: bigint): Buffer =>
  new ProtoWriter(40)
    .message(3, (checkpoint) => checkpoint.uint64(2, position).uint64(1, position))
    .finish();

export const encodeStreamNotFound = (stream: string): Buffer =>
  new ProtoWriter(3 * stream.length + 40)
    .message(4, (notFound) => notFound.message(1, (id) => id.string(3, stream)))
    .finish();

export const encodeFirstPosition = (revision: bigint | undefined): Buffer[] =>
  revision === undefined ? [] : [new ProtoWriter(20).uint64(5, revision).finish()];

export const encodeLastPosition = (revision: bigint): Buffer =>
  new ProtoWriter(20).uint64(6, revision).finish();

export const caughtUp: Buffer = new ProtoWriter(2).empty(8).finish();
