import { ProtoReader } from '#protobuf/proto-reader.js';

import type { ProposedFields, UuidFields } from './decode.js';
import type { Expected } from './event.js';

/** How an append of many begins. */
export interface BatchOptions {
  readonly streamName: Uint8Array | undefined;
  readonly expected: Expected | undefined;
  /** Milliseconds since 1970, in the form that older clients send. */
  readonly deadlineMs: number | undefined;
  /** How long the append may take, in the form that newer clients send; the generated code does not know it. */
  readonly durationMs: number | undefined;
}

/** What tells an append from others of its call, and how it was encoded: an answer repeats it. */
export interface Correlation extends UuidFields {
  readonly encoded: Uint8Array;
}

/** A message of a batch append. */
export interface BatchRequest {
  readonly correlation: Correlation | undefined;
  readonly options: BatchOptions | undefined;
  readonly proposed: readonly ProposedFields[];
  readonly isFinal: boolean;
}

/**
 * `BatchAppendReq`, read by hand: there is one for each append (ADR 0040). Expects a message whose form was
 * checked. What it holds is a copy, since events are kept for long and the message may share its memory.
 */
export const batchRequest = (message: Uint8Array): BatchRequest => {
  const reader = new ProtoReader(Buffer.from(new Uint8Array(message).buffer));
  const proposed: ProposedFields[] = [];
  let correlation: Correlation | undefined;
  let options: BatchOptions | undefined;
  let isFinal = false;
  while (reader.next()) {
    if (reader.field === 1) correlation = uuidIn(reader.bytes());
    else if (reader.field === 2) options = optionsIn(reader.message());
    else if (reader.field === 3) proposed.push(proposedIn(reader.message()));
    else if (reader.field === 4) isFinal = reader.number() !== 0;
    else reader.skip();
  }
  return { correlation, options, proposed, isFinal };
};

const uuidIn = (encoded: Buffer): Correlation => {
  const reader = new ProtoReader(encoded);
  let text = '';
  let halves: UuidFields['halves'];
  while (reader.next()) {
    if (reader.field === 1) {
      halves = reader.message().pair();
      text = '';
    } else if (reader.field === 2) {
      text = reader.string();
      halves = undefined;
    } else reader.skip();
  }
  return { text, halves, encoded };
};

const expectations = { 3: 'no_stream', 4: 'any', 5: 'stream_exists' } as const;

const optionsIn = (reader: ProtoReader): BatchOptions => {
  let streamName: Uint8Array | undefined;
  let expected: Expected | undefined;
  let deadlineMs: number | undefined;
  let durationMs: number | undefined;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        streamName = nameIn(reader.message());
        break;
      case 2:
        expected = reader.uint64();
        break;
      case 3:
      case 4:
      case 5:
        expected = expectations[reader.field];
        reader.skip();
        break;
      case 6:
        deadlineMs = millisecondsIn(reader.message());
        break;
      case 7:
        durationMs = millisecondsIn(reader.message());
        break;
      default:
        reader.skip();
    }
  }
  return { streamName, expected, deadlineMs, durationMs };
};

const nameIn = (identifier: ProtoReader): Uint8Array | undefined => {
  let name: Uint8Array | undefined;
  while (identifier.next()) {
    if (identifier.field === 3) name = identifier.bytes();
    else identifier.skip();
  }
  return name;
};

/** Of a duration, or of a time since 1970. */
const millisecondsIn = (reader: ProtoReader): number => {
  const [seconds, nanoseconds] = reader.pair();
  return signed(seconds) * 1_000 + signed(nanoseconds) / 1e6;
};

const signed = (value: bigint): number => Number(BigInt.asIntN(64, value));

const noBytes = new Uint8Array();

const proposedIn = (reader: ProtoReader): ProposedFields => {
  const properties = new Map<string, string>();
  let id: UuidFields | undefined;
  let data: Uint8Array = noBytes;
  let metadata: Uint8Array = noBytes;
  while (reader.next()) {
    if (reader.field === 1) id = uuidIn(reader.bytes());
    else if (reader.field === 2) addProperty(properties, reader.message());
    else if (reader.field === 3) metadata = reader.bytes();
    else if (reader.field === 4) data = reader.bytes();
    else reader.skip();
  }
  const [type, contentType] = [properties.get('type'), properties.get('content-type')];
  return { id, type, contentType, data, metadata };
};

const addProperty = (properties: Map<string, string>, entry: ProtoReader): void => {
  let key = '';
  let value = '';
  while (entry.next()) {
    if (entry.field === 1) key = entry.string();
    else value = entry.string();
  }
  properties.set(key, value);
};
