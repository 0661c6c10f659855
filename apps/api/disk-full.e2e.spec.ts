import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { FullDisk } from '#testing/full-disk.js';
import { until } from '#testing/until.js';

import { TestApi } from './api.fixture.js';

describe('a full disk', () => {
  const disk = new FullDisk();
  let api: TestApi;
  beforeAll(async () => {
    api = await TestApi.start(undefined, disk.env);
  });
  afterAll(async () => {
    await api.stop();
    disk.remove();
  });

  const checks = async () =>
    (await api.ask('/health/ready')).body['checks'] as Readonly<
      Record<string, { readonly status: string } | undefined>
    >;
  const register = (name: string) =>
    api.ask('/v1/manufacturers', {
      json: { name, reason: 'test' },
      headers: { 'idempotency-key': `register-${name}` },
    });
  const upload = () =>
    api.ask('/v1/imports?kind=manufacturers', {
      body: 'name,code\n',
      headers: { 'content-type': 'text/csv' },
    });

  it('refuses changes and uploads as DISK_FULL, goes on reading, and comes back by itself', async () => {
    expect((await register('Before')).status).toBe(201);
    expect(await checks()).toMatchObject({ disk: { status: 'up' } });

    disk.fill();
    // A command that was accepted before the node looked is known from then on: each try is another one.
    let tries = 0;
    const another = () => register(`Full${String((tries += 1))}`);
    await until('the node refuses', async () => (await another()).status === 503);
    expect(await register('Full')).toMatchObject({
      status: 503,
      body: {
        code: 'DISK_FULL',
        type: 'urn:problem:disk-full',
        detail: 'disk full: changes are refused until there is room again',
      },
    });
    expect((await register('Full')).headers.get('retry-after')).toBe('5');
    await until('the API says so', async () => (await upload()).status === 503);
    expect(await upload()).toMatchObject({ status: 503, body: { code: 'DISK_FULL' } });
    // The readiness is up to a second old.
    await until('it is not ready', async () => (await checks())['disk']?.status === 'down');
    expect(await checks()).toMatchObject({ disk: { reason: 'disk full', freeBytes: 0 } });
    const events = await api.raw('/v1/events');
    expect(events.status).toBe(200);
    expect(await events.text()).toContain('ManufacturerRegistered');

    disk.clear();
    await until('the node accepts', async () => (await register('Full')).status < 300);
    expect((await register('Full')).status).toBeLessThan(300);
    await until('the API accepts', async () => (await upload()).status !== 503);
    await until('it is ready', async () => (await checks())['disk']?.status === 'up');
  });
});
