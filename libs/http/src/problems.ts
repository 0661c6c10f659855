import { HttpException } from '@nestjs/common';

import { accessDenied } from '#event-log/access-denied.js';
import {
  LogAccessDenied,
  LogDiskFull,
  LogUnavailable,
  OutcomeUnknown,
  StreamGone,
} from '#event-log/event-log.js';
import { diskFull } from '#kernel/disk-full.js';
import { type FieldError, Refusal, type RefusalKind } from '#kernel/refusal.js';
import { isDiskFull, isStoreFault } from '#read-store/store-errors.js';

/** RFC 9457, with extension members of letters, digits and underscores as it asks. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly errors?: readonly FieldError[];
  readonly current_revision?: number;
  readonly trace_id: string;
  readonly [extension: string]: unknown;
}

/** The one table from kinds of refusal to HTTP. Nothing else knows status codes. */
export const problemKinds: Readonly<
  Record<RefusalKind | 'bug', { readonly status: number; readonly title: string }>
> = {
  invalid: { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'Credentials are missing or not accepted' },
  forbidden: { status: 403, title: 'Not permitted' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'timed-out': { status: 408, title: 'The request did not arrive in time' },
  conflict: { status: 409, title: 'The current state does not allow this' },
  stale: { status: 412, title: 'The resource has changed since it was read' },
  'too-large': { status: 413, title: 'The request is too large' },
  'unsupported-media-type': { status: 415, title: 'The content type is not supported' },
  'expectation-failed': { status: 417, title: 'The expectation cannot be met' },
  unprocessable: { status: 422, title: 'The request cannot be carried out' },
  'too-many': { status: 429, title: 'Too many requests' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  'not-configured': { status: 501, title: 'Not configured here' },
  unavailable: { status: 503, title: 'Temporarily unavailable' },
  'insufficient-storage': { status: 507, title: 'There is no room for this' },
  bug: { status: 500, title: 'Internal error' },
};

/** What a caller without a hint waits before a request is worth repeating, in seconds. */
const retryAfterSeconds: Partial<Record<RefusalKind, number>> = { 'too-many': 1, unavailable: 1 };

/** Details that are members of the problem already, or must not leave the process. */
const ownMembers = new Set(['errors', 'currentRevision', 'retryAfterSeconds', 'cause']);

export interface Answer {
  readonly problem: Problem;
  readonly retryAfterSeconds?: number;
}

export interface ProblemContext {
  readonly requestId: string;
  readonly traceId: string;
}

/** The problem document of anything that was thrown. What is no refusal is a bug and says nothing but its trace id. */
export const problemOf = (error: unknown, context: ProblemContext): Answer => {
  const refusal = asRefusal(error);
  const { status, title } = problemKinds[refusal?.kind ?? 'bug'];
  const code = refusal?.code ?? 'INTERNAL';
  const retry = refusal && (refusal.details.retryAfterSeconds ?? retryAfterSeconds[refusal.kind]);
  const problem: Problem = {
    ...(refusal && extensionsOf(refusal)),
    type: `urn:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    detail: refusal?.message ?? 'something went wrong on our side; quote trace_id to the operator',
    instance: `urn:request:${context.requestId}`,
    code,
    trace_id: context.traceId,
  };
  return { problem, ...(retry !== undefined && { retryAfterSeconds: retry }) };
};

const extensionsOf = ({ details }: Refusal): Record<string, unknown> => {
  const extensions = Object.fromEntries(
    Object.entries(details)
      .filter(([name]) => !ownMembers.has(name))
      .map(([name, value]) => [name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), value]),
  );
  return {
    ...extensions,
    ...(details.errors && { errors: details.errors }),
    ...(details.currentRevision !== undefined && {
      current_revision: Number(details.currentRevision),
    }),
  };
};

/** Every error that has a meaning for the caller, as a refusal; undefined for a bug. */
export const asRefusal = (error: unknown): Refusal | undefined => {
  if (error instanceof Refusal) return error;
  if (error instanceof HttpException) return ofHttpException(error);
  if (error instanceof StreamGone) {
    return new Refusal('STREAM_GONE', 'not-found', 'this was deleted for good');
  }
  if (error instanceof LogDiskFull) return diskFull('changes are refused', error);
  if (error instanceof LogAccessDenied) return accessDenied(error);
  if (error instanceof LogUnavailable || error instanceof OutcomeUnknown) {
    return new Refusal('STORE_UNAVAILABLE', 'unavailable', 'the event store does not answer');
  }
  if (isDiskFull(error)) return diskFull('the read store refuses what it has to write', error);
  if (isStoreFault(error)) {
    return new Refusal('READ_STORE_UNAVAILABLE', 'unavailable', 'the read store does not answer');
  }
  return ofFramework(error);
};

interface Known {
  readonly code: string;
  readonly kind: RefusalKind;
  readonly detail: string;
}

const malformedJson: Known = {
  code: 'JSON_MALFORMED',
  kind: 'invalid',
  detail: 'the body is not valid JSON',
};

/** Fastify's own refusals, by its codes. */
const frameworkErrors: Readonly<Record<string, Known>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: 'BODY_TOO_LARGE',
    kind: 'too-large',
    detail: 'the body is larger than this route accepts',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'MEDIA_TYPE_UNSUPPORTED',
    kind: 'unsupported-media-type',
    detail: 'this route does not accept the content type of the request; expected application/json',
  },
  FST_ERR_CTP_INVALID_JSON_BODY: malformedJson,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'CONTENT_LENGTH_INVALID',
    kind: 'invalid',
    detail: 'the body is not as long as Content-Length says',
  },
  FST_ERR_BAD_URL: {
    code: 'URL_MALFORMED',
    kind: 'invalid',
    detail: 'the path holds a broken percent-encoding',
  },
  FST_ERR_MAX_PARAM_LENGTH: {
    code: 'URL_MALFORMED',
    kind: 'invalid',
    detail: 'a part of the path is longer than 200 characters',
  },
  FST_ERR_HANDLER_TIMEOUT: {
    code: 'TIMED_OUT',
    kind: 'unavailable',
    detail: 'the answer took too long',
  },
};

const ofFramework = (error: unknown): Refusal | undefined => {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known = Object.hasOwn(frameworkErrors, code) ? frameworkErrors[code] : undefined;
  if (known) return new Refusal(known.code, known.kind, known.detail);
  // The body reader marks what is the caller's fault.
  const status = 'statusCode' in error ? error.statusCode : undefined;
  return status === 400 && error instanceof SyntaxError
    ? new Refusal(malformedJson.code, malformedJson.kind, malformedJson.detail)
    : undefined;
};

const kindOfStatus = new Map(
  Object.entries(problemKinds).map(([kind, { status }]) => [status, kind as RefusalKind | 'bug']),
);

const ofHttpException = (exception: HttpException): Refusal | undefined => {
  const framework = ofFramework(exception.cause);
  if (framework) return framework;
  const kind = kindOfStatus.get(exception.getStatus());
  if (kind === undefined) {
    return exception.getStatus() < 500
      ? new Refusal('REQUEST_REFUSED', 'invalid', exception.message)
      : undefined;
  }
  if (kind === 'bug') return undefined;
  if (kind === 'not-found') {
    return new Refusal('ROUTE_UNKNOWN', 'not-found', 'there is no such route');
  }
  const code = kind.toUpperCase().replaceAll('-', '_');
  return new Refusal(code, kind, exception.message);
};
