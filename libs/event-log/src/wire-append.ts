import streams from '@eventstore/db-client/generated/streams_pb.js';

import { ProtoReader } from '#protobuf/proto-reader.js';
import { ProtoWriter } from '#protobuf/proto-writer.js';

import { encode } from './codec.js';
import type { ExpectedRevision, NewEvent, Position } from './event-log.js';
import type { NewRawEvent } from './raw-log.js';
import { uuidIn } from './wire-uuid.js';

/** Batch appends and their answers, written and read by hand: there is one for each command (ADR 0040). */

/** Bytes of events in one message of a batch: a server takes 4 MiB a message unless configured. */
const messageBytes = 1024 * 1024;
/** What a message, and an event in it, holds beside the texts that are counted. */
const otherBytes = 200;

/** An append that a server tells from others by `correlation`. */
export interface Append {
  readonly correlation: string;
  readonly stream: string;
  readonly expected: ExpectedRevision;
}

/** The messages of `BatchAppendReq` that make one append. Throws where JSON cannot hold an event. */
export const encodeAppend = (
  append: Append,
  events: readonly (NewEvent | NewRawEvent)[],
): Buffer[] => {
  const parts: NewRawEvent[][] = [[]];
  let bytes = 0;
  for (const event of events) {
    const encoded = 'isJson' in event ? event : encodeEvent(event);
    const size = encoded.data.length + encoded.metadata.length;
    if (bytes > 0 && bytes + size > messageBytes) {
      parts.push([]);
      bytes = 0;
    }
    bytes += size;
    parts.at(-1)?.push(encoded);
  }
  return parts.map((part, n) =>
    message(append, part, { isFirst: n === 0, isLast: n === parts.length - 1 }),
  );
};

const encodeEvent = ({ id, type, data, metadata }: NewEvent): NewRawEvent => {
  return { id, type, isJson: true, data: encode(data), metadata: encode(metadata) };
};

const message = (
  { correlation, stream, expected }: Append,
  events: readonly NewRawEvent[],
  { isFirst, isLast }: { readonly isFirst: boolean; readonly isLast: boolean },
): Buffer => {
  let capacity = otherBytes + 3 * (correlation.length + stream.length);
  for (const { id, type, data, metadata } of events) {
    capacity += otherBytes + data.length + metadata.length;
    capacity += 3 * (type.length + id.length);
  }
  const writer = new ProtoWriter(capacity);
  if (isLast) writer.uint32(4, 1);
  for (const one of events.toReversed()) {
    writer.message(3, (proposed) => {
      writeProposed(proposed, one);
    });
  }
  // Without a deadline: it would be a time of our clock, which the server's may be ahead of by any amount.
  if (isFirst) {
    writer.message(2, (options) => {
      if (expected === 'no_stream') options.empty(3);
      else options.uint64(2, expected);
      options.message(1, (identifier) => identifier.string(3, stream));
    });
  }
  return writer.message(1, (uuid) => uuid.string(2, correlation)).finish();
};

const writeProposed = (
  writer: ProtoWriter,
  { id, type, isJson, data, metadata }: NewRawEvent,
): void => {
  const contentType = isJson ? 'application/json' : 'application/octet-stream';
  writer.bytes(4, data).bytes(3, metadata);
  writer.message(2, (entry) => entry.string(2, contentType).string(1, 'content-type'));
  writer.message(2, (entry) => entry.string(2, type).string(1, 'type'));
  writer.message(1, (uuid) => uuid.string(2, id));
};

/** A success; a store that recognises a repeated append may leave the position out. */
export interface Confirmed {
  readonly revision: bigint;
  readonly position?: Position;
}

export interface AppendReply {
  readonly correlation: string;
  readonly confirmed?: Confirmed;
  /** In place of a success: an error, or nothing. */
  readonly refused?: streams.BatchAppendResp;
}

/** `BatchAppendResp`. Throws `MalformedMessage`. */
export const decodeReply = (bytes: Buffer): AppendReply => {
  const reader = new ProtoReader(bytes);
  let correlation = '';
  let confirmed: Confirmed | undefined;
  while (reader.next()) {
    if (reader.field === 1) correlation = uuidIn(reader.message());
    else if (reader.field === 3) confirmed = successIn(reader.message());
    else {
      if (reader.field === 2) confirmed = undefined;
      reader.skip();
    }
  }
  if (confirmed) return { correlation, confirmed };
  return { correlation, refused: streams.BatchAppendResp.deserializeBinary(bytes) };
};

const successIn = (reader: ProtoReader): Confirmed => {
  let revision = 0n;
  let position: Position | undefined;
  while (reader.next()) {
    if (reader.field === 1) revision = reader.uint64();
    else if (reader.field === 3) position = positionIn(reader.message());
    else {
      if (reader.field === 2) revision = 0n;
      if (reader.field === 4) position = undefined;
      reader.skip();
    }
  }
  return { revision, ...(position && { position }) };
};

const positionIn = (reader: ProtoReader): Position => {
  const [commit, prepare] = reader.pair();
  return { commit, prepare };
};
