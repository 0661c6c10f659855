import { randomUUID } from 'node:crypto';

import type { FastifyRequest } from 'fastify';

import type { CommandMeta } from '#kernel/command.js';
import type { Actor, Evidence, Source } from '#kernel/event.js';
import { commandIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Read it by `contextOf`. */
    voltraceContext?: RequestContext;
    /** Set where the request carries a key that is accepted. */
    actor?: Actor;
  }
}

export interface RequestContext {
  /** UUID: the caller's `X-Request-Id` where it is one, ours otherwise. */
  readonly requestId: string;
  /** UUID: the caller's `X-Correlation-Id` where it is one, the request's id otherwise. */
  readonly correlationId: string;
  /** W3C trace context, as received. */
  readonly traceparent?: string;
  /** The caller's `Idempotency-Key`, or ours; undefined where the caller's is not acceptable. */
  readonly idempotencyKey: string | undefined;
  /** ISO 8601 UTC. */
  readonly receivedAt: string;
}

export interface CommandMetaExtra {
  readonly reason?: string | undefined;
  readonly evidence?: Evidence | undefined;
  readonly source?: Source | undefined;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const traceContext = /^[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const visibleAscii = /^[\x21-\x7e]{1,255}$/;

const single = (value: string | string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0];

const uuidOr = (value: string | undefined, otherwise: string): string =>
  value !== undefined && uuid.test(value) ? value.toLowerCase() : otherwise;

/** What the request's headers say about who asks in which context. Never throws. */
export const readContext = (headers: FastifyRequest['headers'], now: Date): RequestContext => {
  const requestId = uuidOr(single(headers['x-request-id']), randomUUID());
  const traceparent = single(headers['traceparent']);
  const key = headers['idempotency-key'];
  return {
    requestId,
    correlationId: uuidOr(single(headers['x-correlation-id']), requestId),
    ...(traceparent !== undefined && traceContext.test(traceparent) && { traceparent }),
    idempotencyKey: key === undefined ? randomUUID() : acceptableKey(single(key)),
    receivedAt: now.toISOString(),
  };
};

/** The context of a request; made from its headers at the first call. */
export const contextOf = (request: FastifyRequest): RequestContext => {
  request.voltraceContext ??= readContext(request.headers, new Date());
  return request.voltraceContext;
};

/** The caller's trace where there is one, else the correlation. */
export const traceIdOf = ({ traceparent, correlationId }: RequestContext): string =>
  traceparent?.split('-')[1] ?? correlationId.replaceAll('-', '');

/** Whether the caller sent an `Idempotency-Key`: a command under a key of ours is not a repeated one. */
export const isKeyGiven = ({ headers }: FastifyRequest): boolean =>
  headers['idempotency-key'] !== undefined;

const acceptableKey = (key: string | undefined): string | undefined =>
  key !== undefined && visibleAscii.test(key) ? key : undefined;

/** Who sent the request. Throws a `Refusal` of kind `unauthenticated` where nobody was recognised. */
export const actorOf = (request: FastifyRequest): Actor => {
  if (request.actor) return request.actor;
  throw new Refusal('UNAUTHENTICATED', 'unauthenticated', 'this request carries no credentials');
};

/**
 * The metadata of the command that a request becomes.
 *
 * The command id comes from the actor, the route with its resource ids, and the `Idempotency-Key`,
 * so the same request sent again is the same command. Throws a `Refusal` (`invalid`) for a key that
 * is not 1 to 255 visible ASCII characters.
 */
export const commandMeta = (request: FastifyRequest, extra: CommandMetaExtra = {}): CommandMeta => {
  const context = contextOf(request);
  const actor = actorOf(request);
  if (context.idempotencyKey === undefined) throw badIdempotencyKey();
  const { reason, evidence, source = 'http' } = extra;
  return {
    commandId: commandIdOf(actor.id, resourceOf(request), context.idempotencyKey),
    actor,
    source,
    occurredAt: context.receivedAt,
    correlationId: context.correlationId,
    ...(reason !== undefined && { reason }),
    ...(evidence !== undefined && { evidence }),
    ...(context.traceparent !== undefined && { traceparent: context.traceparent }),
  };
};

/** Method and path with the decoded ids in place: `POST /v1/products/4711/set-elements`. */
const resourceOf = (request: FastifyRequest): string => {
  const template = request.routeOptions.url ?? request.url.split('?', 1)[0] ?? '';
  const params = request.params as Readonly<Record<string, string>>;
  const path = template.replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  );
  return `${request.method} ${path}`;
};

const badIdempotencyKey = () =>
  new Refusal('IDEMPOTENCY_KEY_INVALID', 'invalid', 'the Idempotency-Key is not acceptable', {
    errors: [{ pointer: 'Idempotency-Key', reason: 'expected 1 to 255 visible ASCII characters' }],
  });
