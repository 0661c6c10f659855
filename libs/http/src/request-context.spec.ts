import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';

import type { Actor } from '#kernel/event.js';

import { commandMeta, contextOf, readContext, traceIdOf } from './request-context.js';

const now = new Date('2026-02-11T08:00:00.123Z');
const id = '5f0c2f7e-5b0e-4b0c-9a51-3f6d8e1f7a11';
const actor: Actor = { id: 'key-1', kind: 'apiKey', roles: ['curator'] };

interface Given {
  readonly headers?: Record<string, string>;
  readonly method?: string;
  readonly params?: Record<string, string>;
  readonly as?: Actor | null;
}

const requestOf = ({ headers = {}, method = 'POST', params = {}, as = actor }: Given = {}) =>
  ({
    headers,
    method,
    params,
    url: '/v1/products/x?y=1',
    routeOptions: { url: '/v1/products/:id/set-elements' },
    ...(as && { actor: as }),
  }) as unknown as FastifyRequest;

describe('the context of a request', () => {
  it('takes over ids that are UUIDs, and makes its own otherwise', () => {
    const taken = readContext({ 'x-request-id': id.toUpperCase(), 'x-correlation-id': id }, now);
    expect(taken).toMatchObject({
      requestId: id,
      correlationId: id,
      receivedAt: now.toISOString(),
    });
    const made = readContext({ 'x-request-id': '<script>', 'x-correlation-id': 'x\r\ny' }, now);
    expect(made.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(made.correlationId).toBe(made.requestId);
  });

  it('takes over a W3C trace that is one', () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traceparent = `00-${trace}-00f067aa0ba902b7-01`;
    expect(traceIdOf(readContext({ traceparent }, now))).toBe(trace);
    for (const broken of ['00-1-2-01', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`]) {
      expect(readContext({ traceparent: broken }, now)).not.toHaveProperty('traceparent');
    }
  });
});

describe('the metadata of a command', () => {
  const commandId = (given: Given) => commandMeta(requestOf(given)).commandId;
  const headers = { 'idempotency-key': 'k1' };

  it('gives the same request sent again the same command id', () => {
    const given = { headers, params: { id: '4711' } };
    expect(commandId(given)).toBe(commandId(given));
  });

  it('tells actors, resources, routes and keys apart', () => {
    const ids = [
      { headers, params: { id: '4711' } },
      { headers, params: { id: '4712' } },
      { headers, params: { id: '4711' }, as: { ...actor, id: 'key-2' } },
      { headers, params: { id: '4711' }, method: 'PUT' },
      { headers: { 'idempotency-key': 'k2' }, params: { id: '4711' } },
    ].map(commandId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('makes a key where the caller gives none, and keeps it for the answer', () => {
    const request = requestOf();
    const { commandId: first } = commandMeta(request);
    const key = contextOf(request).idempotencyKey ?? '';
    expect(key).toMatch(/^[0-9a-f-]{36}$/);
    expect(commandId({ headers: { 'idempotency-key': key } })).toBe(first);
  });

  it.each(['', 'a b', 'é', 'a'.repeat(256)])('refuses the idempotency key "%s"', (key) => {
    expect(() => commandId({ headers: { 'idempotency-key': key } })).toThrow(
      expect.objectContaining({ code: 'IDEMPOTENCY_KEY_INVALID', kind: 'invalid' }),
    );
  });

  it('needs to know who acts', () => {
    expect(() => commandId({ as: null })).toThrow(
      expect.objectContaining({ kind: 'unauthenticated' }),
    );
  });
});
