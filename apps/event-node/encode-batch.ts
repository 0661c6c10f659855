import { status } from '@grpc/grpc-js';

import { ProtoWriter } from '#protobuf/proto-writer.js';

import type { Expected } from './event.js';
import { CallFailure } from './failure.js';
import type { WriteOutcome } from './write-request.js';

/** Answers of `Streams.BatchAppend`: errors travel as `google.rpc.Status` inside the answer. */

/** What an answer repeats of its request. */
export interface BatchHead {
  /** The correlation id, encoded. */
  readonly correlationId: Uint8Array;
  readonly stream?: string;
}

type WriteResult = (writer: ProtoWriter) => void;

const encode = (head: BatchHead, extra: number, writeResult: WriteResult): Buffer => {
  const { correlationId, stream } = head;
  const writer = new ProtoWriter(
    200 + extra + correlationId.byteLength + 3 * (stream?.length ?? 0),
  );
  // The client reads the stream of every error, so there is always one.
  writer.message(4, (identifier) => identifier.string(3, stream ?? ''));
  writeResult(writer);
  return writer.bytes(1, correlationId).finish();
};

export const encodeOutcome = (
  head: BatchHead & { stream: string; expected: Expected },
  outcome: WriteOutcome,
): Buffer => {
  switch (outcome.kind) {
    case 'written':
      return encode(head, 40, (writer) => {
        writer.message(3, (success) => writeSuccess(success, outcome));
      });
    case 'wrong-version':
      return encodeWrongVersion(head, outcome.current);
    case 'deleted':
      return encodeStatus(head, status.PERMISSION_DENIED, 'Stream is deleted.', 'StreamDeleted');
    case 'timeout':
      return encodeStatus(head, status.DEADLINE_EXCEEDED, 'Timeout', 'Timeout');
    case 'unavailable':
      return encodeFailure(head, new CallFailure(status.UNAVAILABLE, outcome.message));
  }
};

const writeSuccess = (
  success: ProtoWriter,
  { revision, position }: WriteOutcome & { kind: 'written' },
): void => {
  if (position === undefined) success.empty(4);
  else success.message(3, (at) => at.uint64(2, position).uint64(1, position));
  if (revision < 0n) success.empty(2);
  else success.uint64(1, revision);
};

const encodeWrongVersion = (head: BatchHead & { expected: Expected }, current: bigint): Buffer =>
  encodeStatus(
    head,
    status.ALREADY_EXISTS,
    'WrongExpectedVersion',
    'WrongExpectedVersion',
    (detail) => {
      const { expected } = head;
      if (typeof expected === 'bigint') detail.uint64(3, expected);
      else detail.empty({ any: 4, stream_exists: 5, no_stream: 6 }[expected]);
      if (current < 0n) detail.empty(2);
      else detail.uint64(1, current);
    },
  );

const encodeStatus = (
  head: BatchHead,
  code: status,
  message: string,
  detailType: string,
  writeDetail: WriteResult = () => undefined,
): Buffer => encodeAny(head, code, message, `event_store.client.${detailType}`, writeDetail);

const encodeAny = (
  head: BatchHead,
  code: status,
  message: string,
  type: string,
  writeDetail: WriteResult,
): Buffer =>
  encode(head, 8 * message.length + 300, (writer) => {
    writer.message(2, (error) => {
      error.message(3, (any) =>
        any.message(2, writeDetail).string(1, `type.googleapis.com/${type}`),
      );
      error.string(2, message).uint32(1, code);
    });
  });

/** A refusal that did not come from the rules of appending. */
export const encodeFailure = (head: BatchHead, failure: CallFailure): Buffer => {
  const [limit] = failure.metadata.get('maximum-append-size');
  if (limit !== undefined) {
    return encodeStatus(
      head,
      failure.code,
      failure.details,
      'MaximumAppendSizeExceeded',
      (detail) => detail.uint32(1, Number(limit)),
    );
  }
  if (failure.code === status.ABORTED) {
    return encodeStatus(head, status.DEADLINE_EXCEEDED, failure.details, 'Timeout');
  }
  if (failure.code === status.INVALID_ARGUMENT) {
    return encodeStatus(head, failure.code, failure.details, 'BadRequest', (detail) =>
      detail.string(1, failure.details.slice(0, 100)),
    );
  }
  if (failure.code === status.PERMISSION_DENIED) {
    return encodeStatus(head, failure.code, failure.details, 'AccessDenied');
  }
  return encodeAny(head, failure.code, failure.details, 'google.protobuf.Empty', () => undefined);
};
