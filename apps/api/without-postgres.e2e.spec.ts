import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { asAdmin } from '#testing/embedded.js';
import { eventually } from '#testing/until.js';

import { TestApi } from './api.fixture.js';

import 'reflect-metadata';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

/** How many may be connected; those that are lose their connections. -1: any number. */
const allow = async (connections: number): Promise<void> => {
  const name = new URL(api.databaseUrl).pathname.slice(1);
  await asAdmin(async (client) => {
    await client.query(`alter database ${name} connection limit ${String(connections)}`);
    const others = 'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1';
    await client.query(others, [name]);
  });
};
const register = (name: string) =>
  api.ask('/v1/manufacturers', { json: { name, reason: 'it exists' } });

describe('without Postgres', () => {
  it('the API says so, and is given requests, since it takes commands', async () => {
    await eventually(async () => {
      expect(await api.ask('/health/ready')).toMatchObject({ status: 200, body: { status: 'up' } });
    });
    await allow(0);
    await eventually(async () => {
      expect(await api.ask('/health/ready')).toMatchObject({
        status: 200,
        body: { status: 'down', checks: { 'read-store': { status: 'down' } } },
      });
    });
    expect(await register('Juniper Hill Storage')).toMatchObject({ status: 201 });
    expect((await api.ask('/v1/manufacturers')).status).toBe(503);
    await allow(-1);
    await eventually(async () => {
      expect((await api.ask('/health/ready')).body).toMatchObject({ status: 'up' });
    });
  });

  it('and nobody sends requests to it where nothing is migrated, or the event log is away', async () => {
    const isRefused = () =>
      eventually(async () => expect((await api.ask('/health/ready')).status).toBe(503));
    await api.node.kill();
    await isRefused();
    await api.node.restart();
    await eventually(async () => expect((await api.ask('/health/ready')).status).toBe(200));
    await api.store.pool.query('drop schema subscription cascade');
    await isRefused();
  });
});
