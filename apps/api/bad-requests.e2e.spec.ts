import { once } from 'node:events';
import { connect } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { eventually } from '#testing/until.js';

import { type Asking, TestApi } from './api.fixture.js';

import 'reflect-metadata';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(async () => {
  await api.stop();
});

const json = { 'content-type': 'application/json' };
const keys = '/v1/api-keys';
const good = { name: 'x', roles: ['viewer'], reason: 'r' };

describe('a request that cannot be served', () => {
  const cases: [string, string, Asking, number, string][] = [
    ['without a key', '/v1/events', { key: null }, 401, 'CREDENTIALS_MISSING'],
    ['with a key that is none', '/v1/events', { key: 'x' }, 401, 'CREDENTIALS_MALFORMED'],
    ['to no route', '/v1/nothing', {}, 404, 'ROUTE_UNKNOWN'],
    ['with another method', '/v1/events', { method: 'DELETE' }, 405, 'METHOD_NOT_ALLOWED'],
    ['for no such thing', `${keys}/x`, {}, 404, 'API_KEY_NOT_FOUND'],
    ['with an unknown filter', '/v1/events?colour=red', {}, 400, 'QUERY_INVALID'],
    ['with a malformed position', '/v1/events?from=now', {}, 400, 'QUERY_INVALID'],
    ['with NUL in the query', '/v1/events?type=a%00', {}, 400, 'QUERY_INVALID'],
    ['with NUL in the path', `${keys}/a%00`, {}, 400, 'PATH_INVALID'],
    ['with a broken escape', `${keys}/%zz`, {}, 400, 'URL_MALFORMED'],
    ['with an unknown field', keys, { json: { ...good, admin: true } }, 400, 'BODY_INVALID'],
    ['with NUL in the body', keys, { json: { ...good, name: 'a\0' } }, 400, 'BODY_INVALID'],
    ['with half a surrogate', keys, { json: { ...good, name: '\ud800' } }, 400, 'BODY_INVALID'],
    ['with __proto__', keys, { body: '{"__proto__":{}}', headers: json }, 400, 'BODY_INVALID'],
    ['with a list for an object', keys, { json: [] }, 400, 'BODY_INVALID'],
    ['with broken JSON', keys, { body: '{', headers: json }, 400, 'JSON_MALFORMED'],
    [
      'nested without end',
      keys,
      { body: '['.repeat(300_000), headers: json },
      400,
      'BODY_TOO_COMPLEX',
    ],
    [
      'with 200,000 values',
      keys,
      { body: `[${'1,'.repeat(200_000)}1]`, headers: json },
      400,
      'BODY_TOO_COMPLEX',
    ],
    [
      'with a compressed body',
      keys,
      { json: good, headers: { 'content-encoding': 'gzip' } },
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    [
      'in another charset',
      keys,
      { body: '{}', headers: { 'content-type': 'application/json; charset=utf-16' } },
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    [
      'with a list in another charset',
      '/v1/imports?kind=products',
      { body: 'a', headers: { 'content-type': 'text/csv; charset="iso-8859-1"' } },
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    ['with a body of 2 MB', keys, { json: 'x'.repeat(2_000_000) }, 413, 'BODY_TOO_LARGE'],
    ['with plain text', keys, { body: 'x' }, 415, 'MEDIA_TYPE_UNSUPPORTED'],
    [
      'with CSV where JSON is expected',
      keys,
      { body: 'a,b', headers: { 'content-type': 'text/csv' } },
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    [
      'with an unusable idempotency key',
      keys,
      { json: good, headers: { 'idempotency-key': 'a b' } },
      400,
      'IDEMPOTENCY_KEY_INVALID',
    ],
  ];

  it.each(cases)(
    '%s is answered with its problem document',
    async (_, path, asking, status, code) => {
      const { body, headers } = await api.ask(path, asking);
      expect(body).toMatchObject({ status, code });
      expect(body['type']).toBe(`urn:problem:${code.toLowerCase().replaceAll('_', '-')}`);
      expect(headers.get('content-type')).toMatch('application/problem+json');
      expect(body['instance']).toBe(`urn:request:${headers.get('x-request-id')}`);
      expect(JSON.stringify(body)).not.toMatch(/node_modules|select |at \w+\.\w+ \(/);
    },
  );

  it('with bytes that are not UTF-8 is refused, not stored with replacements', async () => {
    const body = Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    const answer = await fetch(`${api.url}${keys}`, {
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${api.admin}` },
      body,
    });
    expect(await answer.json()).toMatchObject({ status: 400, code: 'BODY_NOT_UTF8' });
  });

  it('names each field that is wrong', async () => {
    const { body } = await api.ask(keys, { json: { name: 5, roles: ['root'], colour: 1 } });
    const pointers = (body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer);
    expect(pointers.sort()).toEqual(['/colour', '/name', '/reason', '/roles']);
  });

  it.each(['', '  \n', '\u00a0', 'x'.repeat(2_001)])('refuses %j as a reason', async (reason) => {
    const { body } = await api.ask(keys, { json: { ...good, reason } });
    expect(body['errors']).toEqual([
      { pointer: '/reason', reason: 'expected text of 1 to 2000 characters' },
    ]);
  });

  it.each([
    ['/v1/products', 'elements'],
    ['/v1/products', 'evidence'],
    ['/v1/products/x/record-certification', 'supersedes'],
    ['/v1/products/x/publish-listing', 'remarks'],
    ['/v1/manufacturers', 'aliases'],
    ['/v1/manufacturers/x/issue-entity-code', 'code'],
    ['/v1/fanout/relay/resume', 'reason'],
    ['/v1/subscriptions/imports/rebuild', 'reason'],
  ])('to %s with null as its %s names that field', async (path, field) => {
    const { status, body } = await api.ask(path, { json: { [field]: null } });
    expect([status, body['code']]).toEqual([400, 'BODY_INVALID']);
    const pointers = (body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer);
    expect(pointers).toContain(`/${field}`);
  });

  it('by somebody without the permission is refused, counted and recorded once', async () => {
    const { id, key } = await api.newKey('viewer');
    for (let i = 0; i < 3; i += 1) {
      expect(await api.ask('/metrics', { key })).toMatchObject({ status: 403 });
    }
    // A refusal does not wait for the log.
    await eventually(async () => {
      const lines = (await (await api.raw('/v1/events?category=accessDenial')).text()).split('\n');
      const hours = lines
        .filter((line) => line.includes(id) && line.includes('"AccessDenied"'))
        .map((line) => (JSON.parse(line) as { data: { hour: string } }).data.hour);
      // Once an hour, and that may turn.
      expect(hours.length).toBeGreaterThan(0);
      expect(new Set(hours).size).toBe(hours.length);
    });
    expect(await (await api.raw('/metrics')).text()).toMatch(
      'voltrace_http_forbidden_total{route="GET /metrics"} 3',
    );
  });

  it('too often from one address is told when to come back', async () => {
    await api.limited({ perAddressPerMinute: 3 }, async (url) => {
      const statuses: number[] = [];
      let last: Response | undefined;
      for (let i = 0; i < 5; i += 1) {
        last = await fetch(`${url}/v1/events`);
        statuses.push(last.status);
      }
      expect(statuses).toEqual([401, 401, 401, 429, 429]);
      expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await last?.json()).toMatchObject({ code: 'RATE_LIMITED' });
      expect((await fetch(`${url}/health/live`)).status).toBe(200);
    });
  });
});

describe('a refused upload', () => {
  const sendAll = async (
    path: string,
    type: string,
    withKey: boolean,
    size: number,
  ): Promise<string> => {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1').pause();
    socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\n`);
    if (withKey) socket.write(`authorization: Bearer ${api.admin}\r\n`);
    socket.write(`content-length: ${String(size)}\r\n\r\n`);
    const sent = new Promise<void>((resolve, reject) => {
      socket.write('x'.repeat(size), (error) => (error ? reject(error) : resolve()));
    });
    await sent;
    const [answer] = (await once(socket.resume(), 'data')) as [Buffer];
    socket.destroy();
    return answer.toString();
  };

  it.each([
    ['to no route', '/v1/nothing', 'application/json', 'ROUTE_UNKNOWN'],
    ['that is too large', keys, 'application/json', 'BODY_TOO_LARGE'],
    ['of another kind', keys, 'text/csv', 'MEDIA_TYPE_UNSUPPORTED'],
    ['without a key', '/v1/imports', 'text/csv', 'CREDENTIALS_MISSING'],
  ])('%s is answered although its sender reads last', async (_, path, type, code) => {
    const withKey = code !== 'CREDENTIALS_MISSING';
    expect(await sendAll(path, type, withKey, 8_000_000)).toContain(`"code":"${code}"`);
  });
});
