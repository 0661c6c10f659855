import { randomBytes, randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { keyText } from '#access/api-key/secret.js';
import { eventually } from '#testing/until.js';

import { TestApi } from './api.fixture.js';
import { exchange, RawConnection } from './raw-http.fixture.js';

import 'reflect-metadata';

let api: TestApi;
let viewer: string;
beforeAll(async () => {
  api = await TestApi.start();
  viewer = (await api.newKey('viewer')).key;
});
afterAll(async () => {
  await api.stop();
});

const host = 'host: x';
const aMegabyte = ['content-type: application/json', 'content-length: 1000000', ''];
const bearer = (key: string) => `authorization: Bearer ${key}`;
const madeUp = () => keyText({ id: randomUUID(), secret: randomBytes(32).toString('base64url') });
const statusOf = async (url: string, headers: Record<string, string>) =>
  (await fetch(`${url}/v1/products`, { headers })).status;

describe('who may do what', () => {
  it('is decided before a body is read', async () => {
    const refused = (target: string, ...headers: string[]) =>
      exchange(api.url, `POST ${target} HTTP/1.1`, host, ...headers, ...aMegabyte);
    // Not a byte of the body is ever sent: who waited for it would not answer.
    expect((await refused('/v1/products')).body).toMatchObject({ code: 'CREDENTIALS_MISSING' });
    expect((await refused('/v1/products', bearer(madeUp()))).body).toMatchObject({
      code: 'API_KEY_UNKNOWN',
    });
    expect((await refused('/v1/products', bearer(viewer))).body).toMatchObject({
      code: 'FORBIDDEN',
    });
    expect((await refused('/v1/imports?kind=products', bearer(viewer))).status).toBe(403);
    expect((await refused('/v1/nothing')).body).toMatchObject({ code: 'ROUTE_UNKNOWN' });
  });

  it('leaves a refused body little time', async () => {
    await api.limited({ refusedBodyMs: 100, requestTimeoutMs: 600_000 }, async (url) => {
      const connection = await RawConnection.to(url);
      connection.send('POST /v1/products HTTP/1.1', host, ...aMegabyte);
      expect((await connection.answer()).status).toBe(401);
      connection.socket.write('{');
      await connection.closed;
    });
  });

  it('leaves a refused body little room', async () => {
    await api.limited({ refusedBodyMs: 600_000, requestTimeoutMs: 600_000 }, async (url) => {
      const connection = await RawConnection.to(url);
      connection.send('POST /v1/imports HTTP/1.1', host, 'transfer-encoding: chunked', '');
      expect((await connection.answer()).status).toBe(401);
      const chunk = `100000\r\n${'x'.repeat(0x10_00_00)}\r\n`;
      for (let i = 0; i < 20; i += 1) connection.socket.write(chunk);
      await connection.closed;
    });
  });

  it('keeps a connection whose refused body was small', async () => {
    const connection = await RawConnection.to(api.url);
    const body = ['content-length: 2', 'content-type: application/json', '', '{}'];
    connection.socket.write(['POST /v1/products HTTP/1.1', host, ...body].join('\r\n'));
    expect((await connection.answer()).status).toBe(401);
    connection.send('GET /health/live HTTP/1.1', host, '');
    expect((await connection.answer()).status).toBe(200);
    connection.close();
  });

  it('says which methods a path has', async () => {
    const answer = await exchange(api.url, 'DELETE /v1/products/x HTTP/1.1', host, '');
    expect(answer).toMatchObject({ status: 405, body: { code: 'METHOD_NOT_ALLOWED' } });
    expect(answer.head).toContain('\r\nallow: get, head\r\n');
    const post = await exchange(api.url, 'POST /docs HTTP/1.1', host, ...aMegabyte);
    expect(post.status).toBe(405);
  });
});

describe('strangers', () => {
  it('are limited by address, and never cost a valid key its answer', async () => {
    await api.limited({ perAddressPerMinute: 3 }, async (url) => {
      const flood = () =>
        Promise.all(
          Array.from({ length: 60 }, () => statusOf(url, { authorization: `Bearer ${madeUp()}` })),
        );
      const [statuses, valid] = await Promise.all([
        flood(),
        statusOf(url, { authorization: `Bearer ${viewer}` }),
      ]);
      // Those that are counted in one turn all see the last count, so that fewer than three may pass.
      const passed = statuses.filter((status) => status === 401).length;
      expect(passed).toBeLessThanOrEqual(3);
      expect(statuses.filter((status) => status === 429)).toHaveLength(statuses.length - passed);
      // 503: no projector runs here. It was let in.
      expect(valid).toBe(503);
      const late = (await api.newKey('viewer')).key;
      const [, unmet] = await Promise.all([
        flood(),
        statusOf(url, { authorization: `Bearer ${late}` }),
      ]);
      expect(unmet).toBe(503);
    });
  });

  it('are told apart by a trusted proxy, and by nobody else', async () => {
    const from = (address: string) => ({ 'x-forwarded-for': address });
    await api.limited(
      { perAddressPerMinute: 2, trustedProxies: ['127.0.0.0/8', '::1'] },
      async (url) => {
        for (const expected of [401, 401, 429]) {
          expect(await statusOf(url, from('192.0.2.1'))).toBe(expected);
        }
        expect(await statusOf(url, from('192.0.2.2'))).toBe(401);
      },
    );
    await api.limited({ perAddressPerMinute: 2 }, async (url) => {
      for (const [i, expected] of [401, 401, 429].entries()) {
        expect(await statusOf(url, from(`192.0.2.${String(i)}`))).toBe(expected);
      }
    });
  });
});

describe('connections', () => {
  const live = ['GET /health/live HTTP/1.1', host, ''];

  it('are so many of one address', async () => {
    await api.limited({ maxConnectionsPerAddress: 2 }, async (url) => {
      const kept = [await RawConnection.to(url), await RawConnection.to(url)];
      for (const one of kept) expect((await one.send(...live).answer()).status).toBe(200);
      expect(await exchange(url, ...live)).toMatchObject({
        status: 429,
        body: { code: 'TOO_MANY_CONNECTIONS' },
      });
      kept[0]?.close();
      await eventually(async () => {
        expect((await exchange(url, ...live)).status).toBe(200);
      });
      kept[1]?.close();
    });
  });

  it('are so many in all, those of trusted proxies too', async () => {
    const limits = { maxConnections: 2, maxConnectionsPerAddress: 1 };
    await api.limited({ ...limits, trustedProxies: ['127.0.0.1'] }, async (url) => {
      const kept = [await RawConnection.to(url), await RawConnection.to(url)];
      for (const one of kept) expect((await one.send(...live).answer()).status).toBe(200);
      const third = await RawConnection.to(url);
      await third.closed;
      for (const one of kept) one.close();
    });
  });

  it('without whole headers, or without a whole body, are answered 408 and closed', async () => {
    await api.limited({ headersTimeoutMs: 100, requestTimeoutMs: 300 }, async (url) => {
      const answers = await Promise.all([
        exchange(url, 'GET /v1/products HTTP/1.1', host),
        exchange(url, 'POST /v1/api-keys HTTP/1.1', host, bearer(api.admin), ...aMegabyte),
      ]);
      for (const { status, body } of answers) {
        expect([status, body['code']]).toEqual([408, 'REQUEST_TIMED_OUT']);
      }
    });
  });

  it('for live feeds are so many of one key, and so many in all', async () => {
    await api.limited({ liveFeeds: { inAll: 2, perKey: 1 } }, async (url) => {
      const open = async (key: string) => {
        const gone = new AbortController();
        const { status } = await fetch(`${url}/v1/events/live`, {
          headers: { authorization: `Bearer ${key}` },
          signal: gone.signal,
        });
        return { status, close: () => gone.abort() };
      };
      const [one, two, three] = await Promise.all(
        [1, 2, 3].map(async () => (await api.newKey('auditor')).key),
      );
      const feed = await open(one ?? '');
      expect(feed.status).toBe(200);
      expect((await open(one ?? '')).status).toBe(429);
      const other = await open(two ?? '');
      expect(other.status).toBe(200);
      expect((await open(three ?? '')).status).toBe(429);
      feed.close();
      await eventually(async () => {
        const again = await open(three ?? '');
        again.close();
        expect(again.status).toBe(200);
      });
      other.close();
    });
  });
});

describe('a request that Node would answer by itself', () => {
  const get = 'GET /v1/products HTTP/1.1';
  it.each<[string, string[], number, string]>([
    ['without a host', [get, ''], 400, 'HEADERS_INVALID'],
    ['with two hosts', [get, host, 'host: y', ''], 400, 'HEADERS_INVALID'],
    ['with two keys', [get, host, bearer('a'), bearer('b'), ''], 400, 'HEADERS_INVALID'],
    ['with another expectation', [get, host, 'expect: tea', ''], 417, 'EXPECTATION_FAILED'],
    ['with large headers', [get, host, `x: ${'y'.repeat(20_000)}`, ''], 431, 'HEADERS_TOO_LARGE'],
    ['for a tunnel', ['CONNECT elsewhere:443 HTTP/1.1', host, ''], 400, 'HTTP_MALFORMED'],
    ['that is none', ['\x16\x03\x01', ''], 400, 'HTTP_MALFORMED'],
    [
      'with two lengths',
      [get, host, 'content-length: 1', 'content-length: 2', ''],
      400,
      'HTTP_MALFORMED',
    ],
  ])('%s is answered with a problem document', async (_, lines, status, code) => {
    const { head, body } = await exchange(api.url, ...lines);
    expect(body).toMatchObject({ status, code });
    expect(head).toMatch(new RegExp(`^http/1.1 ${String(status)} [^]*application/problem.json`));
  });

  it('is asked for its body only when it is let in', async () => {
    const expecting = ['POST /v1/api-keys HTTP/1.1', host, 'expect: 100-continue'];
    const refused = await exchange(api.url, ...expecting, ...aMegabyte);
    expect(refused.status).toBe(401);
    // Node ends the connection then; a client that was not told so would send its next request on it.
    expect(refused.head).toContain('connection: close');
    const admitted = await exchange(api.url, ...expecting, bearer(api.admin), ...aMegabyte);
    expect(admitted.status).toBe(100);
  });
});
