import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Addresses, type Answered, FailoverClient, refusalOf } from './failover.js';

describe('the addresses of a load balancer', () => {
  let ready: Set<string>;
  let addresses: Addresses;

  beforeEach(() => {
    ready = new Set(['a', 'b']);
    addresses = new Addresses((url) =>
      url === 'broken' ? Promise.reject(new Error('refused')) : Promise.resolve(ready.has(url)),
    );
  });

  const taken = (times: number): readonly (string | undefined)[] =>
    Array.from({ length: times }, () => addresses.next()).sort();

  it('are given requests in turn once their ready route has answered', async () => {
    addresses.add('a');
    addresses.add('b');
    addresses.add('broken');
    expect(taken(2)).toEqual([undefined, undefined]);
    await addresses.check();
    expect(taken(4)).toEqual(['a', 'a', 'b', 'b']);
    expect(addresses.isServing('broken')).toBe(false);
  });

  it('are given none from the check on that finds them not ready, or when they are removed', async () => {
    addresses.add('a');
    addresses.add('b');
    await addresses.check();
    ready.delete('a');
    expect(taken(2)).toEqual(['a', 'b']);
    await addresses.check();
    expect(taken(2)).toEqual(['b', 'b']);
    addresses.remove('b');
    expect(addresses.next()).toBeUndefined();
  });

  it('that are removed while they are asked stay removed', async () => {
    addresses.add('a');
    const checked = addresses.check();
    addresses.remove('a');
    await checked;
    expect(addresses.next()).toBeUndefined();
  });
});

describe('what the system refuses', () => {
  it.each([
    [201, {}, undefined],
    [409, { code: 'PRODUCT_EXISTS' }, undefined],
    [422, { code: 'ELEMENTS_INVALID' }, undefined],
    [429, { code: 'RATE_LIMITED' }, '429 RATE_LIMITED'],
    [503, { code: 'NOT_YET_VISIBLE' }, '503 NOT_YET_VISIBLE'],
    [502, {}, '502'],
  ])('with %d %o is %s', (status, body, refused) => {
    expect(refusalOf({ status, body })).toBe(refused);
  });
});

describe('a caller behind it', () => {
  let server: Server;
  let answered: Answered[];
  let client: FailoverClient;
  let url: string;
  let status: number;

  beforeEach(async () => {
    status = 201;
    server = createServer((request, response) => {
      request.resume();
      response.writeHead(status, { connection: 'close' }).end('{"code":"SAID"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    answered = [];
    const addresses = new Addresses(() => Promise.resolve(true));
    addresses.add(url);
    await addresses.check();
    client = new FailoverClient(addresses, 'key', (one) => answered.push(one));
  });

  afterEach(() => {
    server.close();
  });

  it('sends each request once, and notes how it ended', async () => {
    expect((await client.post('/v1/products', {})).status).toBe(201);
    status = 503;
    expect((await client.get('/v1/products')).status).toBe(503);
    await new Promise((resolve) => server.close(resolve));
    await expect(client.post('/v1/products', {})).rejects.toThrow('fetch failed');
    expect(answered).toMatchObject([
      { kind: 'command', status: 201 },
      { kind: 'read', status: 503, refused: '503 SAID' },
      { kind: 'command', refused: 'fetch failed ECONNREFUSED' },
    ]);
    expect(answered[0]).not.toHaveProperty('refused');
  });
});
