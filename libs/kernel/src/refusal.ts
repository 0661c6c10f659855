/** Kinds of refusal; `libs/http` alone knows which status each becomes. */
export type RefusalKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'method-not-allowed'
  | 'timed-out'
  | 'conflict'
  | 'stale'
  | 'unprocessable'
  | 'too-large'
  | 'headers-too-large'
  | 'expectation-failed'
  | 'unsupported-media-type'
  | 'too-many'
  | 'unavailable'
  | 'insufficient-storage'
  | 'not-configured';

/** One part of the input that is wrong: a JSON pointer (or parameter name) and what was expected. */
export interface FieldError {
  readonly pointer: string;
  readonly reason: string;
}

export interface RefusalDetails {
  readonly errors?: readonly FieldError[];
  readonly currentRevision?: string;
  readonly retryAfterSeconds?: number;
  readonly [extension: string]: unknown;
}

/** A command or query that is not carried out, with the reason as a stable code (`SCREAMING_SNAKE`). */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly code: string,
    readonly kind: RefusalKind,
    message: string,
    readonly details: RefusalDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
