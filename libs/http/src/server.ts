import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import type {
  FastifyHttpOptions,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  HTTPMethods,
} from 'fastify';

import { type FieldError, Refusal } from '#kernel/refusal.js';
import type { Metrics } from '#observability/metrics.js';

import { assertReadableEncoding } from './body-parsers.js';
import { answerBrokenRequest, limitConnections, proxyTrust } from './connections.js';
import { textErrors } from './json-text.js';
import { queryInvalid } from './query-params.js';
import { contextOf } from './request-context.js';
import type { ServerLimits } from './server-limits.js';
import { unstorable } from './storable-text.js';
import { bodyInvalid } from './validation.js';

/** JSON bodies; a route that streams sets a limit of its own. */
export const jsonBodyLimit = 1024 * 1024;
const maxParamLength = 200;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The methods of a path, on the route that answers the others. */
    allow?: readonly string[];
  }
}

type ErrorAnswer = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;

/** Options of the Fastify instance: what is refused before any of our code sees a request. */
export const serverOptions = (limits: ServerLimits, answer: ErrorAnswer) =>
  ({
    bodyLimit: jsonBodyLimit,
    requestTimeout: limits.requestTimeoutMs,
    connectionTimeout: 120_000,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    http: {
      maxHeaderSize: 16_384,
      headersTimeout: limits.headersTimeoutMs,
      // Node compares the times of its connections this often.
      connectionsCheckingInterval: Math.min(5_000, limits.headersTimeoutMs),
      // Ours says so in a problem document.
      requireHostHeader: false,
    },
    trustProxy: limits.trustedProxies.length > 0 && proxyTrust(limits.trustedProxies),
    forceCloseConnections: 'idle',
    logger: false,
    routerOptions: { maxParamLength, ignoreTrailingSlash: false },
    frameworkErrors: answer,
    clientErrorHandler: answerBrokenRequest,
  }) satisfies FastifyHttpOptions<Server>;

/** Bounds connections, and leaves `Expect` to the hooks: Node would ask for a body that is refused. */
export const installConnectionLimits = (
  server: FastifyInstance,
  limits: ServerLimits,
  metrics: Metrics,
): void => {
  limitConnections(server.server, limits, (reason) => metrics.connectionsRefused.inc({ reason }));
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    server.server.emit('request', request, response);
  };
  server.server.on('checkContinue', handle);
  server.server.on('checkExpectation', handle);
  // Node would hang up without a word.
  server.server.on('connect', (_request, socket) =>
    answerBrokenRequest(new Error('this is no proxy'), socket as Socket),
  );
};

/** Hooks that every request passes before its route: context, echo of ids, times, hostile text. */
export const installRequestHooks = (server: FastifyInstance, metrics: Metrics): void => {
  server.addHook('onRequest', (request, reply, done) => {
    const { requestId, correlationId, idempotencyKey } = contextOf(request);
    reply.header('x-request-id', requestId).header('x-correlation-id', correlationId);
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
    reply.header('referrer-policy', 'no-referrer');
    if (request.method !== 'GET' && idempotencyKey !== undefined) {
      reply.header('idempotency-key', idempotencyKey);
    }
    assertOneRequest(request);
    done();
  });
  server.addHook('preParsing', (request, reply, _payload, done) => {
    assertReadableEncoding(request);
    if (request.headers.expect !== undefined) reply.raw.writeContinue();
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

/** Of these Node keeps the first one; who sits in between may keep the last. */
const singleHeaders: ReadonlySet<string> = new Set(['host', 'authorization', 'content-type']);

/** Refuses what two readers could take for two different requests. */
const assertOneRequest = ({ raw, headers }: FastifyRequest): void => {
  const met = new Set<string>();
  for (let at = 0; at < raw.rawHeaders.length; at += 2) {
    const name = raw.rawHeaders[at]?.toLowerCase() ?? '';
    if (!singleHeaders.has(name)) continue;
    if (met.has(name)) throw headersInvalid(name, 'given more than once');
    met.add(name);
  }
  if (raw.httpVersion === '1.1' && headers.host === undefined) {
    throw headersInvalid('host', 'required');
  }
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue') {
    throw new Refusal('EXPECTATION_FAILED', 'expectation-failed', 'expected Expect: 100-continue');
  }
};

const headersInvalid = (pointer: string, reason: string) =>
  new Refusal('HEADERS_INVALID', 'invalid', 'the headers are not acceptable', {
    errors: [{ pointer, reason }],
  });

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

/** Methods that a path may be asked with; anything else is answered by Node or as an unknown route. */
const commonMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/**
 * Remembers the routes that are added from now on. The function that it returns adds, for each path,
 * the answer to the methods that it does not have; call it when all routes are there.
 */
export const installMethodAnswers = (server: FastifyInstance): (() => void) => {
  const methodsOf = new Map<string, Set<HTTPMethods>>();
  server.addHook('onRoute', ({ url, method, config }) => {
    if (config?.allow) return;
    const methods = methodsOf.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    methodsOf.set(url, methods);
  });
  return () => {
    for (const [url, methods] of methodsOf) {
      const others = commonMethods.filter((method) => !methods.has(method));
      if (others.length === 0 || url.includes('*')) continue;
      const allow = [...methods].sort();
      server.route({ method: others, url, config: { allow }, handler: () => undefined });
    }
  };
};

/** Throws a `Refusal` where a request meets no route, before anything else is decided about it. */
export const assertRoute = (request: FastifyRequest, reply: FastifyReply): void => {
  const { allow } = request.routeOptions.config;
  if (allow) {
    reply.header('allow', allow.join(', '));
    throw new Refusal(
      'METHOD_NOT_ALLOWED',
      'method-not-allowed',
      `this path takes ${allow.join(', ')}`,
    );
  }
  if (request.is404) throw new Refusal('ROUTE_UNKNOWN', 'not-found', 'there is no such route');
};
