import type shared from '@eventstore/db-client/generated/shared_pb.js';

import { type Expected, isMetastream, type ProposedEvent } from './event.js';
import { IncompleteRequest, invalidArgument, missingMetadataProperty } from './failure.js';
import { dashedUuid, withDashes } from './uuid-text.js';

/** Longest stream name in bytes: it is part of an index. A stated difference from the real store. */
export const MAX_STREAM_BYTES = 1024;
const MAX_TYPE_LENGTH = 4096;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The stream's name; throws INVALID_ARGUMENT when it is none. */
export const streamName = (identifier: shared.StreamIdentifier | undefined): string => {
  const bytes = identifier?.getStreamName_asU8();
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
export const deletableStream = (identifier: shared.StreamIdentifier | undefined): string => {
  const name = streamName(identifier);
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
  throw invalidArgument('The expected revision is missing.');
};

interface ProposedMessage {
  getId(): shared.UUID | undefined;
  getMetadataMap(): { get(key: string): string | undefined };
  getData_asU8(): Uint8Array;
  getCustomMetadata_asU8(): Uint8Array;
}

/** Throws INVALID_ARGUMENT when the event lacks what the store requires. */
export const proposedEvent = (message: ProposedMessage): ProposedEvent => {
  const properties = message.getMetadataMap();
  const type = properties.get('type');
  const contentType = properties.get('content-type');
  if (type === undefined) throw missingMetadataProperty('type');
  if (contentType === undefined) throw missingMetadataProperty('content-type');
  if (type.length > MAX_TYPE_LENGTH || type.includes('\0')) {
    throw invalidArgument(
      `The event type is longer than ${MAX_TYPE_LENGTH} characters or contains NUL.`,
    );
  }
  return {
    id: uuid(message.getId()),
    type,
    isJson: contentType === 'application/json',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
};

/** What the append limit counts: data, metadata and the type in UTF-16. */
export const appendSize = ({ data, metadata, type }: ProposedEvent): number =>
  data.byteLength + metadata.byteLength + 2 * type.length;

/** A UUID in its dashed lower-case form. */
export const uuid = (message: shared.UUID | undefined): string => {
  if (message?.hasStructured() === true) {
    const structured = message.getStructured();
    const high = unsigned(structured?.getMostSignificantBits());
    const low = unsigned(structured?.getLeastSignificantBits());
    return withDashes(high + low);
  }
  const text = message?.getString() ?? '';
  const dashed = dashedUuid(text);
  if (dashed === undefined) throw new IncompleteRequest(`'${text.slice(0, 50)}' is not a UUID.`);
  return dashed;
};

const unsigned = (bits: string | undefined): string =>
  BigInt.asUintN(64, BigInt(bits ?? '0'))
    .toString(16)
    .padStart(16, '0');
