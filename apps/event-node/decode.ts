import type shared from '@eventstore/db-client/generated/shared_pb.js';
import type streams from '@eventstore/db-client/generated/streams_pb.js';

import { type Expected, isMetastream, type ProposedEvent } from './event.js';
import { IncompleteRequest, invalidArgument, missingMetadataProperty } from './failure.js';
import { dashedUuid, withDashes } from './uuid-text.js';

/** Longest stream name in bytes: it is part of an index. A stated difference from the real store. */
export const MAX_STREAM_BYTES = 1024;
const MAX_TYPE_LENGTH = 4096;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The stream's name; throws INVALID_ARGUMENT when it is none. */
export const streamName = (bytes: Uint8Array | undefined): string => {
  if (bytes === undefined || bytes.byteLength === 0) {
    throw new IncompleteRequest('The stream name is missing or empty.');
  }
  if (bytes.byteLength > MAX_STREAM_BYTES) {
    throw invalidArgument(`The stream name is longer than ${MAX_STREAM_BYTES} bytes.`);
  }
  const name = decodeName(bytes);
  if (name === '$$' || name.startsWith('$$$$')) {
    throw invalidArgument(`'${name}' is not the name of a stream.`);
  }
  return name;
};

/** A stream that can be deleted: metadata goes with its stream. */
export const deletableStream = (bytes: Uint8Array | undefined): string => {
  const name = streamName(bytes);
  if (isMetastream(name)) throw invalidArgument('A metadata stream cannot be deleted.');
  return name;
};

const decodeName = (bytes: Uint8Array): string => {
  let name: string;
  try {
    name = utf8.decode(bytes);
  } catch {
    throw invalidArgument('The stream name is not UTF-8.');
  }
  if (name.includes('\0')) throw invalidArgument('The stream name contains NUL.');
  return name;
};

interface ExpectationOptions {
  hasAny(): boolean;
  hasNoStream(): boolean;
  hasStreamExists(): boolean;
}

/** `revision` is what the message's own accessor for an explicit revision says. */
export const expectation = (
  options: ExpectationOptions,
  revision: string | undefined,
): Expected => {
  if (options.hasAny()) return 'any';
  if (options.hasNoStream()) return 'no_stream';
  if (options.hasStreamExists()) return 'stream_exists';
  if (revision !== undefined) return BigInt(revision);
  throw expectationMissing();
};

export const expectationMissing = (): Error => invalidArgument('The expected revision is missing.');

/** A proposed event as it came, unchecked. */
export interface ProposedFields {
  readonly id: UuidFields | undefined;
  readonly type: string | undefined;
  readonly contentType: string | undefined;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** Throws INVALID_ARGUMENT when the event lacks what the store requires. */
export const checkedEvent = (fields: ProposedFields): ProposedEvent => {
  const { type, contentType, data, metadata } = fields;
  if (type === undefined) throw missingMetadataProperty('type');
  if (contentType === undefined) throw missingMetadataProperty('content-type');
  if (type.length > MAX_TYPE_LENGTH || type.includes('\0')) {
    throw invalidArgument(
      `The event type is longer than ${MAX_TYPE_LENGTH} characters or contains NUL.`,
    );
  }
  return {
    id: uuidText(fields.id),
    type,
    isJson: contentType === 'application/json',
    data,
    metadata,
  };
};

/** As `checkedEvent`, of a message that the generated code has read. */
export const proposedEvent = (message: streams.AppendReq.ProposedMessage): ProposedEvent => {
  const properties = message.getMetadataMap();
  return checkedEvent({
    id: uuidFields(message.getId()),
    type: properties.get('type'),
    contentType: properties.get('content-type'),
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  });
};

/** What the append limit counts: data, metadata and the type in UTF-16. */
export const appendSize = ({ data, metadata, type }: ProposedEvent): number =>
  data.byteLength + metadata.byteLength + 2 * type.length;

/** A UUID as it came: text, or two numbers of 64 bits. */
export interface UuidFields {
  readonly text: string;
  readonly halves: readonly [bigint, bigint] | undefined;
}

/** A UUID in its dashed lower-case form. */
export const uuidText = (fields: UuidFields | undefined): string => {
  if (fields?.halves) return withDashes(fields.halves.map(digitsOf).join(''));
  const text = fields?.text ?? '';
  const dashed = dashedUuid(text);
  if (dashed === undefined) throw new IncompleteRequest(`'${text.slice(0, 50)}' is not a UUID.`);
  return dashed;
};

const digitsOf = (half: bigint): string => BigInt.asUintN(64, half).toString(16).padStart(16, '0');

const uuidFields = (message: shared.UUID | undefined): UuidFields | undefined => {
  if (message === undefined) return undefined;
  const halves = message.getStructured();
  return {
    text: message.getString(),
    halves: halves && [
      BigInt(halves.getMostSignificantBits()),
      BigInt(halves.getLeastSignificantBits()),
    ],
  };
};

/** As `uuidText`, of a message that the generated code has read. */
export const uuid = (message: shared.UUID | undefined): string => uuidText(uuidFields(message));
