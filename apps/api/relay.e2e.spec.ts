import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { TestApi } from './api.fixture.js';

const relay = '/v1/fanout/relay';

describe('the relay, over HTTP', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await TestApi.start();
  });
  afterAll(() => api.stop());

  it('is absent where none ever ran, and it says what to do', async () => {
    const { status, body } = await api.ask(relay);
    expect(status).toBe(200);
    expect(body).toMatchObject({ state: 'absent', position: null, pending: null, paused: null });
    expect(body['reason']).toContain('KAFKA_BROKERS');
  });

  it('is paused with a reason, once, and resumed', async () => {
    const unexplained = await api.ask(`${relay}/pause`, { method: 'POST' });
    expect([unexplained.status, unexplained.body['errors']]).toEqual([
      400,
      [{ pointer: '/reason', reason: 'required: expected text of 1 to 2000 characters' }],
    ]);
    const paused = await api.ask(`${relay}/pause`, { json: { reason: 'the brokers move' } });
    expect([paused.status, paused.body['id']]).toEqual([202, 'relay']);
    const again = await api.ask(`${relay}/pause`, { json: { reason: 'to be sure' } });
    expect(again.headers.get('command-outcome')).toBe('unchanged');
    expect((await api.ask(relay)).body['paused']).toMatchObject({ reason: 'the brokers move' });
    expect((await api.ask(`${relay}/resume`, { method: 'POST' })).status).toBe(202);
    expect((await api.ask(relay)).body['paused']).toBeNull();
  });

  it('resets topics that it has', async () => {
    const reset = (topic: string) =>
      api.ask(`${relay}/reset`, { json: { topic, reason: 'it was deleted' } });
    expect((await reset('voltrace.product-registry.v1')).status).toBe(202);
    const { status, body } = await reset('voltrace.weather.v1');
    expect([status, body['code']]).toEqual([404, 'TOPIC_NOT_FOUND']);
    expect(body['detail']).toContain('voltrace.product-registry.v1');
  });

  it('does not count what is left of a log that it was not on', async () => {
    const at = 2n ** 60n;
    await api.store.pool.query(
      `insert into fanout.relay (name, holder, state, state_since, commit_position, prepare_position, noted_at)
       values ('main', gen_random_uuid(), 'stopped', now(), $1, $1, now())
       on conflict (name) do update set commit_position = $1, prepare_position = $1`,
      [at.toString()],
    );
    const { status, body } = await api.ask(relay);
    expect([status, body]).toMatchObject([
      200,
      { state: 'stopped', pending: null, lagSeconds: null },
    ]);
  });

  it('is for who may see or manage the fan-out', async () => {
    const { key: viewer } = await api.newKey('viewer');
    const { key: auditor } = await api.newKey('auditor');
    expect((await api.ask(relay, { key: viewer })).status).toBe(403);
    expect((await api.ask(relay, { key: auditor })).status).toBe(200);
    const json = { reason: 'why not' };
    expect((await api.ask(`${relay}/pause`, { key: auditor, json })).status).toBe(403);
  });
});
