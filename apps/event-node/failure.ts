import { Metadata, status, type StatusObject } from '@grpc/grpc-js';

/**
 * A refused call in the store's encoding for unary and read calls: a status, and trailers of which
 * `exception` names the error.
 */
export class CallFailure extends Error implements Partial<StatusObject> {
  override readonly name = 'CallFailure';
  readonly details: string;
  readonly metadata = new Metadata();

  constructor(
    readonly code: status,
    message: string,
    trailers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.details = message;
    for (const [key, value] of Object.entries(trailers)) setTrailer(this.metadata, key, value);
  }
}

/** Trailers are ASCII on the wire: anything else goes percent-encoded. */
const setTrailer = (metadata: Metadata, key: string, value: string): void => {
  metadata.set(key, /^[\x20-\x7e]*$/.test(value) ? value : encodeURI(value));
};

/**
 * A request that lacks something. A real server answers it with UNKNOWN, which names no reason, or
 * leaves it without an answer.
 */
export class IncompleteRequest extends CallFailure {
  constructor(
    message: string,
    readonly onServer: 'exception' | 'silence' = 'exception',
  ) {
    super(status.INVALID_ARGUMENT, message);
  }
}

export const invalidArgument = (message: string): CallFailure =>
  new CallFailure(status.INVALID_ARGUMENT, message);

/** As a real server answers a read that it cannot begin: without any name for what is wrong. */
export const unexpected = (result: string): CallFailure =>
  new CallFailure(status.UNKNOWN, `Unexpected ${result}`);

export const streamDeleted = (stream: string): CallFailure =>
  new CallFailure(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  });

/** Of a delete, soft or for good. */
export const wrongExpectedVersion = (
  stream: string,
  expected: bigint,
  actual: bigint,
): CallFailure =>
  new CallFailure(
    status.FAILED_PRECONDITION,
    `Delete failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expected.toString()}, Actual version: ${actual.toString()}`,
    {
      exception: 'wrong-expected-version',
      'stream-name': stream,
      'expected-version': expected.toString(),
      'actual-version': actual.toString(),
    },
  );

export const appendTooLarge = (
  limit: number,
  message = `Maximum Append Size of ${limit} Exceeded.`,
): CallFailure =>
  new CallFailure(status.INVALID_ARGUMENT, message, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(limit),
  });

const requiredProperties = 'type,content-type';

export const missingMetadataProperty = (name: string): CallFailure =>
  new CallFailure(status.INVALID_ARGUMENT, `Required Metadata Property '${name}' is missing.`, {
    exception: 'missing-required-metadata-property',
    'required-metadata-properties': requiredProperties,
  });

export const timedOut = (): CallFailure =>
  new CallFailure(status.ABORTED, 'The write was not answered in time; its outcome is not known.');

/** A live subscriber left too many events untaken. */
export const consumerTooSlow = (): CallFailure =>
  new CallFailure(
    status.ABORTED,
    'Operation timed out: Consumer too slow to handle event while live. Client resubscription required.',
  );

/** As a real server refuses what the access rules of a stream do not allow. */
export const accessDenied = (): CallFailure =>
  new CallFailure(status.PERMISSION_DENIED, 'Access Denied.', { exception: 'access-denied' });

export const unavailable = (message: string): CallFailure =>
  new CallFailure(status.UNAVAILABLE, message);

/** What a client is told about an error that nobody foresaw; `report` gets the error itself. */
export const asCallFailure = (error: unknown, report: (error: unknown) => void): CallFailure => {
  if (error instanceof CallFailure) return error;
  report(error);
  return unavailable('The log cannot be read now.');
};

/** As `asCallFailure`; where the node answers as a server, what that answers: undefined for nothing. */
export const answerTo = (
  error: unknown,
  { report, asServer }: { report: (error: unknown) => void; asServer: boolean },
): CallFailure | undefined => {
  const failure = asCallFailure(error, report);
  if (!asServer || !(failure instanceof IncompleteRequest)) return failure;
  if (failure.onServer === 'silence') return undefined;
  return new CallFailure(status.UNKNOWN, 'Exception was thrown by handler.');
};
