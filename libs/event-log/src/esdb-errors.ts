import {
  AccessDeniedError,
  StreamDeletedError,
  StreamNotFoundError,
  TimeoutError,
  UnknownError,
} from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import { status as codes } from '@grpc/grpc-js';

import {
  AppendTooLarge,
  type ExpectedRevision,
  LogAccessDenied,
  LogDiskFull,
  LogUnavailable,
  OutcomeUnknown,
  StreamGone,
  WrongExpectedRevision,
} from './event-log.js';

// Of google.rpc.Code.
const statusUnknown = 2;
const statusInvalidArgument = 3;
const statusUnavailable = 14;

/** What a batch append's error status means. Anything that does not say "not stored" is unknown. */
export const appendError = (status: Status, stream: string, expected: ExpectedRevision): Error => {
  const details = status.getDetails();
  switch (details?.getTypeName()) {
    case 'event_store.client.WrongExpectedVersion': {
      const wrong = details.unpack(
        (bytes) => shared.WrongExpectedVersion.deserializeBinary(bytes),
        details.getTypeName(),
      );
      const actual = wrong?.hasCurrentStreamRevision()
        ? BigInt(wrong.getCurrentStreamRevision())
        : 'no_stream';
      return new WrongExpectedRevision(stream, expected, actual);
    }
    case 'event_store.client.StreamDeleted':
      return new StreamGone(`stream ${stream} was deleted`);
    case 'event_store.client.MaximumAppendSizeExceeded':
      return new AppendTooLarge(`the append to ${stream} is larger than the event store takes`);
    case 'event_store.client.AccessDenied':
      return new LogAccessDenied(`the event store denies access to stream ${stream}`);
    default:
      return byCode(status.getCode(), status.getMessage());
  }
};

const byCode = (code: number, message: string): Error => {
  // A request that the server cannot take is a bug of ours: to repeat it would not help.
  if (code === statusInvalidArgument) return new Error(`the event store refuses: ${message}`);
  if (code !== statusUnavailable) return new OutcomeUnknown(message);
  // The words of the embedded node; a cluster has none for it.
  return message.startsWith('disk full') ? new LogDiskFull(message) : new LogUnavailable(message);
};

export const isStreamNotFound = (error: unknown): boolean => error instanceof StreamNotFoundError;

/** The server ended a call that it had begun: of a live subscription, because its reader was too slow. */
export const isAborted = (error: unknown): boolean =>
  error instanceof TimeoutError && error.code === codes.ABORTED;

/** A call that was refused because of who made it. */
export const deniesAccess = (error: unknown): boolean =>
  error instanceof AccessDeniedError ||
  (error instanceof Error &&
    'code' in error &&
    (error.code === codes.PERMISSION_DENIED || error.code === codes.UNAUTHENTICATED));

/** The server says only that something was wrong. */
export const isUnknown = (error: unknown): boolean =>
  error instanceof UnknownError && Number(error.code) === statusUnknown;

/** What a failed read means. A node that leads no more is an outage: the client goes to the leader next. */
export const readError = (error: unknown): Error => {
  if (error instanceof StreamDeletedError) return new StreamGone(error.message, { cause: error });
  if (error instanceof LogUnavailable) return error;
  if (deniesAccess(error)) {
    return new LogAccessDenied('the event store denies access', { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new LogUnavailable(`the event store does not answer: ${message}`, { cause: error });
};
