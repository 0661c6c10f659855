import type { Server } from 'node:http';
import type { Socket } from 'node:net';

import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyHttpOptions, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { type FieldError, Refusal } from '#kernel/refusal.js';
import type { Metrics } from '#observability/metrics.js';

import { textErrors } from './json-text.js';
import { problemOf } from './problems.js';
import { queryInvalid } from './query-params.js';
import { contextOf, readContext, traceIdOf } from './request-context.js';
import { unstorable } from './storable-text.js';
import { bodyInvalid } from './validation.js';

/** JSON bodies; a route that streams sets a limit of its own. */
export const jsonBodyLimit = 1024 * 1024;
const maxParamLength = 200;
/** `hostileText` refuses keys such as `__proto__` itself, since it can say where they are. */
const poisoning = 'ignore';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by `AcceptsCsv`. */
    acceptsCsv?: boolean;
  }
}

/** Opens a route to `text/csv`: its body is then the request's stream, not read yet and without a size limit. */
export const AcceptsCsv = (): MethodDecorator => RouteConfig({ acceptsCsv: true });

export interface ServerLimits {
  /** For a whole request with its body, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** Requests per minute of one caller who is known by its key; 0 for no limit. */
  readonly perKeyPerMinute: number;
  /** Requests per minute of one address without an accepted key; 0 for no limit. */
  readonly perAddressPerMinute: number;
}

type ErrorAnswer = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;

/** Options of the Fastify instance: what is refused before any of our code sees a request. */
export const serverOptions = (limits: ServerLimits, answer: ErrorAnswer) =>
  ({
    bodyLimit: jsonBodyLimit,
    requestTimeout: limits.requestTimeoutMs,
    connectionTimeout: 120_000,
    keepAliveTimeout: 72_000,
    http: { maxHeaderSize: 16_384, headersTimeout: 10_000 },
    forceCloseConnections: 'idle',
    logger: false,
    routerOptions: { maxParamLength, ignoreTrailingSlash: false },
    frameworkErrors: answer,
    clientErrorHandler: answerBrokenRequest,
  }) satisfies FastifyHttpOptions<Server>;

/** What is not HTTP, or has too large headers, is answered on the bare socket. */
const answerBrokenRequest = (error: Error & { code?: string }, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const refusal =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? new Refusal('HEADERS_TOO_LARGE', 'invalid', 'the headers are larger than 16 KiB')
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? new Refusal('REQUEST_TIMED_OUT', 'invalid', 'the request did not arrive in time')
        : new Refusal('HTTP_MALFORMED', 'invalid', 'this is not a valid HTTP request');
  const context = readContext({}, new Date());
  const { problem } = problemOf(refusal, {
    requestId: context.requestId,
    traceId: traceIdOf(context),
  });
  const body = JSON.stringify(problem);
  if (!socket.writable) return;
  socket.end(
    `HTTP/1.1 ${String(problem.status)} Bad Request\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${String(Buffer.byteLength(body))}\r\nConnection: close\r\n\r\n${body}`,
  );
};

/** Hooks that every request passes before its route: context, echo of ids, times, hostile text. */
export const installRequestHooks = (server: FastifyInstance, metrics: Metrics): void => {
  server.addHook('onRequest', (request, reply, done) => {
    const { requestId, correlationId, idempotencyKey } = contextOf(request);
    reply.header('x-request-id', requestId).header('x-correlation-id', correlationId);
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
    if (request.method !== 'GET' && idempotencyKey !== undefined) {
      reply.header('idempotency-key', idempotencyKey);
    }
    done();
  });
  server.addHook('preValidation', (request, _reply, done) => {
    const refusal = hostileText(request);
    if (refusal) done(refusal);
    else done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown');
    metrics.httpSeconds.observe(
      { method: request.method, route, status: reply.statusCode },
      reply.elapsedTime / 1000,
    );
    done();
  });
};

const hostileText = (request: FastifyRequest): Refusal | undefined => {
  const query = textErrors(request.query).map(({ pointer, reason }) => ({
    pointer: pointer.replace('/', '?'),
    reason,
  }));
  const path = Object.entries((request.params ?? {}) as Record<string, unknown>).flatMap(
    ([name, value]): FieldError[] => {
      const reason = typeof value === 'string' ? unstorable(value) : undefined;
      return reason === undefined ? [] : [{ pointer: `{${name}}`, reason }];
    },
  );
  if (path.length > 0) {
    return new Refusal('PATH_INVALID', 'invalid', 'the path is not acceptable', { errors: path });
  }
  if (query.length > 0) return queryInvalid(query);
  const body = isStream(request.body) ? [] : textErrors(request.body);
  return body.length > 0 ? bodyInvalid(body) : undefined;
};

const isStream = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && 'pipe' in body && typeof body.pipe === 'function';

/** JSON everywhere, CSV where a route asks for it, nothing else. */
export const installBodyParsers = (server: FastifyInstance): void => {
  const parseJson = server.getDefaultJsonParser(poisoning, poisoning);
  const asText = { parseAs: 'string' } as const;
  server.addContentTypeParser<string>('application/json', asText, (request, body, done) => {
    // No body, whatever its type would have been.
    if (body === '') done(null, undefined);
    else void parseJson(request, body, done);
  });
  server.removeContentTypeParser('text/plain');
  server.addContentTypeParser('text/csv', (request, body, done) => {
    if (request.routeOptions.config.acceptsCsv === true) done(null, body);
    else done(mediaTypeUnsupported());
  });
};

const mediaTypeUnsupported = () =>
  new Refusal(
    'MEDIA_TYPE_UNSUPPORTED',
    'unsupported-media-type',
    'this route does not accept text/csv; expected application/json',
  );

/**
 * Limits requests per accepted key, or per address where there is none; routes that are added later
 * are limited after every hook of the server, and so after authentication.
 *
 * Returns the limit of strangers, for who authenticates: it throws a `Refusal` (`too-many`) once an
 * address has asked more often in a minute than it may without a key.
 */
export const installRateLimit = async (
  server: FastifyInstance,
  { perKeyPerMinute, perAddressPerMinute }: ServerLimits,
): Promise<(request: FastifyRequest) => Promise<void>> => {
  const limitOf = (request: FastifyRequest): number =>
    (request.actor ? perKeyPerMinute : perAddressPerMinute) || Number.MAX_SAFE_INTEGER;
  await server.register(rateLimit, {
    global: true,
    hook: 'onRequest',
    timeWindow: 60_000,
    cache: 10_000,
    max: limitOf,
    addHeadersOnExceeding: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
    },
    keyGenerator: (request) => request.actor?.id ?? normalizeIP(request.ip),
    // A probe that is refused would take the process out of service.
    allowList: (request) => request.url.startsWith('/health/'),
    errorResponseBuilder: (_request, { ttl }) => rateLimited(ttl),
  });
  // Options of its own give it counters of its own; a probe need not carry a made-up key.
  const strangers = server.createRateLimit({ max: limitOf, allowList: [] });
  return async (request) => {
    const use = await strangers(request);
    if (!use.isAllowed && use.isExceeded) throw rateLimited(use.ttl);
  };
};

const rateLimited = (ttlMs: number) =>
  new Refusal('RATE_LIMITED', 'too-many', 'too many requests in the last minute', {
    retryAfterSeconds: Math.max(1, Math.ceil(ttlMs / 1000)),
  });
