import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { eventually, until } from '#testing/until.js';

import { TestApi } from './api.fixture.js';
import { buildOpenApi } from './openapi.js';

import 'reflect-metadata';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(async () => {
  await api.stop();
});

const keys = '/v1/api-keys';
const good = { name: 'x', roles: ['viewer'], reason: 'r' };

describe('an API key', () => {
  it('is shown once, however often its request is repeated', async () => {
    const asking = { json: good, headers: { 'idempotency-key': 'once' } };
    const first = await api.ask(keys, asking);
    const again = await api.ask(keys, asking);
    expect(first).toMatchObject({ status: 201, body: { revision: 0 } });
    expect(first.body['key']).toMatch(/^vt_/);
    expect(first.headers.get('etag')).toBe('"0"');
    expect(again).toMatchObject({ status: 200, body: { id: first.body['id'], revision: 0 } });
    expect(again.body).not.toHaveProperty('key');
    expect(await api.ask(keys, { ...asking, json: { ...good, name: 'y' } })).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
  });

  it('shows neither itself nor its hash', async () => {
    const { id } = await api.newKey('curator');
    const { body } = await api.ask(`${keys}/${id}`);
    expect(body).toEqual({
      id,
      name: 'test',
      roles: ['curator'],
      status: 'active',
      expiresAt: null,
      revision: 0,
    });
  });

  it('opens nothing from the answer to its revocation on', async () => {
    const { id, key } = await api.newKey('auditor');
    expect((await api.raw('/v1/events?limit=1', { key })).status).toBe(200);
    const stale = { json: { reason: 'leaked' }, headers: { 'if-match': '"7"' } };
    expect(await api.ask(`${keys}/${id}/revoke`, stale)).toMatchObject({
      status: 412,
      body: { code: 'STALE_REVISION', current_revision: 0 },
    });
    await api.ask(`${keys}/${id}/revoke`, { ...stale, headers: { 'if-match': '"0"' } });
    expect(await api.ask('/v1/events', { key })).toMatchObject({
      status: 401,
      body: { code: 'API_KEY_REVOKED' },
    });
  });
});

describe('the replay', () => {
  const lines = async (query: string): Promise<Record<string, unknown>[]> =>
    (await (await api.raw(`/v1/events${query}`)).text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('resumes after what was read, up to the end', async () => {
    await api.newKey('viewer');
    await api.newKey('viewer');
    const all = await lines('?category=apiKey');
    const seen: unknown[] = [];
    let from = '';
    for (;;) {
      const page = await lines(`?category=apiKey&limit=2${from}`);
      const last = page.pop();
      seen.push(...page.map(({ position }) => position));
      if (last?.['atEnd'] === true) break;
      from = `&from=${String(last?.['resumeFrom'])}`;
    }
    expect(seen).toEqual(all.slice(0, -1).map(({ position }) => position));
    expect(seen.length).toBeGreaterThan(2);
  });

  it('is refused from a position at which no event lies, as is the live feed', async () => {
    const positions = (await lines('')).slice(0, -1).map(({ position }) => Number(position));
    const between = positions.find((at, n) => n > 0 && Number(positions[n - 1]) < at - 1);
    const from = String(Number(between) - 1);
    const beyond = String(Number(positions.at(-1)) + 1_000_000);
    const asked = [
      [`/v1/events?from=${from}`, {}, '?from'],
      [`/v1/events?from=${beyond}`, {}, '?from'],
      [`/v1/events/live?from=${from}`, {}, '?from'],
      ['/v1/events/live', { 'last-event-id': from }, 'Last-Event-ID'],
      ['/v1/events/live', { 'last-event-id': 'x' }, 'Last-Event-ID'],
    ] as const;
    for (const [path, headers, pointer] of asked) {
      const { status, body } = await api.ask(path, { headers });
      expect([path, status, body['errors']]).toMatchObject([path, 400, [{ pointer }]]);
    }
    const [first] = await lines('?from=0&limit=1');
    expect(first?.['position']).toBe(String(positions[0]));
  });

  it('shows who and why, and no hash of a secret', async () => {
    const [first] = await lines('?type=ApiKeyIssued,ApiKeyRevoked&limit=1');
    expect(first).toMatchObject({
      type: 'ApiKeyIssued',
      revision: 0,
      data: { secretSha256: '[redacted]' },
      metadata: { actor: { kind: 'system' } },
    });
  });

  it('takes a repeated filter like a list', async () => {
    const filtered = await lines('?type=ApiKeyRevoked&type=Nothing');
    expect(filtered.at(-1)).toMatchObject({ atEnd: true });
    expect(filtered.slice(0, -1).every(({ type }) => type === 'ApiKeyRevoked')).toBe(true);
  });
});

describe('the live feed', () => {
  it('tells of what happens, and ends with the key that opened it', async () => {
    const { id, key } = await api.newKey('auditor');
    const feed = await api.raw('/v1/events/live?category=apiKey', { key });
    expect(feed.headers.get('content-type')).toMatch('text/event-stream');
    const told = feed.text();
    const { id: other } = await api.newKey('viewer');
    await api.ask(`${keys}/${id}/revoke`, { json: { reason: 'done' } });
    const text = await told.catch(() => 'broken off');
    expect(text === 'broken off' || text.includes(other)).toBe(true);
  });
});

describe('operation', () => {
  it('is ready while its stores are', async () => {
    expect(await api.ask('/health/live', { key: null })).toMatchObject({ status: 200 });
    // Connecting to them is waited for by nobody, and takes its time where the machine is busy.
    await eventually(async () => {
      const { status, body } = await api.ask('/health/ready', { key: null });
      expect({ status, body }).toMatchObject({ status: 200, body: { status: 'up' } });
    });
  });

  it('is documented without a store', async () => {
    const document = await buildOpenApi();
    expect(Object.keys(document.paths)).toContain('/v1/api-keys');
    for (const path of Object.values(document.paths)) {
      const responses = path.get?.responses ?? path.post?.responses;
      expect(responses).toHaveProperty('default');
    }
    expect((await api.raw('/docs', { key: null })).status).toBe(200);
    expect((await api.ask('/docs/openapi.json', { key: null })).body).toHaveProperty('paths');
  });

  it('ends live feeds in order when the process stops', async () => {
    let ended: Promise<string> | undefined;
    await api.limited({}, async (url) => {
      const authorization = `Bearer ${api.admin}`;
      const feed = await fetch(`${url}/v1/events/live`, { headers: { authorization } });
      // Rejects where the connection is cut.
      ended = feed.text();
    });
    expect(await ended).toEqual(expect.any(String));
  });

  it('lets nobody in while the log is away, and everybody afterwards', async () => {
    const { key } = await api.newKey('auditor');
    await api.node.kill();
    const { status, body, headers } = await api.ask('/v1/events', { key });
    expect(status).toBe(503);
    expect(body).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(headers.get('retry-after')).toBe('1');
    await api.node.restart();
    let again = 503;
    await until('the log is there again', async () => {
      again = (await api.raw('/v1/events?limit=1', { key })).status;
      return again !== 503;
    });
    expect(again).toBe(200);
  });
});
