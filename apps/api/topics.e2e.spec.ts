import { type AddressInfo, createServer } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { freePort } from '#embedded/free-port.js';
import type { KafkaSettings } from '#fanout/kafka.js';

import { type Answer, TestApi } from './api.fixture.js';

const list = '/v1/fanout/topics';
const verify = '/v1/fanout/topics/verify';

const settings = (port: number): KafkaSettings => ({
  KAFKA_BROKERS: `127.0.0.1:${String(port)}`,
  KAFKA_NAMESPACE: undefined,
  KAFKA_TLS: 'off',
  KAFKA_SASL_MECHANISM: undefined,
  KAFKA_SASL_USERNAME: undefined,
  KAFKA_SASL_PASSWORD: undefined,
});

const both = (api: TestApi): Promise<Answer[]> =>
  Promise.all([api.ask(list), api.ask(verify, { method: 'POST' })]);

describe('the topics, by an API without brokers', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await TestApi.start();
  });
  afterAll(() => api.stop());

  it('are not there to be asked for, and it says what is missing', async () => {
    for (const { status, headers, body } of await both(api)) {
      expect(headers.get('retry-after')).toBeNull();
      expect([status, body['code']]).toEqual([501, 'KAFKA_NOT_CONFIGURED']);
      expect(body['detail']).toContain('KAFKA_BROKERS');
    }
  });

  it('are verified without fields, with or without a body', async () => {
    const named = await api.ask(verify, { json: { topic: 'x' } });
    expect([named.status, named.body['errors']]).toEqual([
      400,
      [{ pointer: '/topic', reason: 'unknown field' }],
    ]);
    const headers = { 'content-type': 'application/json' };
    const empty = await api.ask(verify, { method: 'POST', headers });
    expect(empty.body['code']).toBe('KAFKA_NOT_CONFIGURED');
  });

  it('are for who may see the fan-out', async () => {
    const { key: viewer } = await api.newKey('viewer');
    const { key: auditor } = await api.newKey('auditor');
    expect((await api.ask(list, { key: viewer })).status).toBe(403);
    expect((await api.ask(verify, { method: 'POST', key: viewer })).status).toBe(403);
    expect((await api.ask(list, { key: auditor })).status).toBe(501);
  });
});

describe('the topics, by an API whose brokers do not answer', () => {
  // It hears when they hang up.
  const silent = createServer((socket) => socket.resume());
  beforeAll(() => new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise((resolve) => silent.close(resolve)));
  const silentPort = () => Promise.resolve((silent.address() as AddressInfo).port);

  it.each([
    ['refuse', freePort],
    ['say nothing', silentPort],
  ])('are refused in some seconds where they %s', async (_, port) => {
    const api = await TestApi.start(settings(await port()));
    const started = performance.now();
    try {
      for (const { status, body } of await both(api)) {
        expect([status, body['code']]).toEqual([503, 'KAFKA_UNAVAILABLE']);
        expect(body['detail']).toMatch(/^Kafka does not answer: ./);
      }
      // With the patience of a relay it would be a minute.
      expect(performance.now() - started).toBeLessThan(30_000);
    } finally {
      await api.stop();
    }
  });
});
