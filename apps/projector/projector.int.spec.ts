import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { projections } from '#projections/all.js';
import { eventClock } from '#projections/event-clock/event-clock.projection.js';
import { productCatalog } from '#projections/product-catalog/product-catalog.projection.js';
import { Fixture } from '#subscription/projection/test/fixture.js';
import { waitForPosition } from '#subscription/projection/wait-for-position.js';
import { AppProcesses, supervision } from '#testing/app-processes.js';
import { compiledRoot } from '#testing/build.js';
import { startOwnNode } from '#testing/test-node.js';
import { eventually, until } from '#testing/until.js';

describe('the projector', () => {
  let fixture: Fixture;
  let script: string;
  const apps = new AppProcesses();

  beforeEach(async () => {
    script = join(compiledRoot, 'apps/projector/main.js');
    fixture = await Fixture.start(startOwnNode);
  });

  afterEach(async () => {
    await apps.kill();
    await fixture.stop();
  });

  const start = (env: Record<string, string> = {}) =>
    apps.start(script, {
      EVENTSTORE_URL: fixture.node.url,
      DATABASE_URL: fixture.database.url,
      ...env,
    });

  const readinessOf = async (port: number | undefined) =>
    (await supervision(port, '/health/ready')).json() as Promise<{
      status: string;
      checks: Record<string, { status?: string; reason?: string }>;
    }>;

  it('builds every projection, shows health and metrics, and stops in order', async () => {
    const projector = start({ HEALTH_PORT: '0' });
    const { port } = await projector.ready;
    const position = await fixture.count(3);
    await waitForPosition(fixture.store, eventClock, position, { timeoutMs: 30_000 });
    await waitForPosition(fixture.store, productCatalog, position, { timeoutMs: 30_000 });

    const get = (path: string) => supervision(port, path);
    expect((await get('/health/live')).status).toBe(200);
    await until('ready', async () => (await get('/health/ready')).status === 200);
    // Counted after the commit, which others see before.
    await eventually(async () => {
      const metrics = await (await get('/metrics')).text();
      expect(metrics).toContain(
        'voltrace_subscription_events_total{subscription="event-clock",outcome="done"} 3',
      );
      expect(metrics).toContain(
        'voltrace_subscription_lag_seconds{subscription="event-clock",scope="build-1",partition="0"} 0',
      );
      expect(metrics).toContain('voltrace_subscription_parked{subscription="event-clock"} 0');
    });
    expect((await get('/nothing')).status).toBe(404);

    expect(await projector.stop()).toEqual({ code: 0, signal: null });
    const held = 'select count(*)::int from subscription.checkpoint where holder is not null';
    expect(await fixture.value(held)).toBe(0);
  });

  it('waits on a full disk of the read store, says so at once, and goes on when there is room', async () => {
    const projector = start({ HEALTH_PORT: '0' });
    const { port } = await projector.ready;
    const ready = () => readinessOf(port);
    await until('ready', async () => (await ready()).status === 'up');
    await fixture.store.pool.query(`
      create function no_room() returns trigger language plpgsql as $$
      begin raise exception 'could not extend file' using errcode = '53100'; end $$;
      create trigger no_room before update of commit_position on subscription.checkpoint
        for each row execute function no_room()`);
    const position = await fixture.count(3);
    const clock = async () => (await ready()).checks['projection event-clock'];
    await until('not ready', async () => (await clock())?.status === 'down', 20_000);
    expect(await clock()).toMatchObject({ status: 'down', reason: 'disk full' });
    await until('it says so', () =>
      projector.output.includes('the disk of the read store is full'),
    );
    await fixture.store.pool.query('drop trigger no_room on subscription.checkpoint');
    await waitForPosition(fixture.store, eventClock, position, { timeoutMs: 30_000 });
    await until('ready again', async () => (await ready()).status === 'up');
    expect(await fixture.value('select count(*)::int from subscription.parked')).toBe(0);
  });

  it('is not ready on another log, says why, and is again once its projections are rebuilt', async () => {
    const projector = start({ HEALTH_PORT: '0' });
    const { port } = await projector.ready;
    const ready = () => readinessOf(port);
    await waitForPosition(fixture.store, eventClock, await fixture.count(3), {
      timeoutMs: 30_000,
    });
    await until('ready', async () => (await ready()).status === 'up');
    await fixture.node.replaceLog();
    const reasonOf = async (name: string) => (await ready()).checks[`projection ${name}`]?.reason;
    for (const { name } of projections) {
      await until(`${name} is not ready`, async () =>
        Boolean((await reasonOf(name))?.includes(`"voltrace subscriptions rebuild ${name}"`)),
      );
    }
    expect((await supervision(port, '/health/ready')).status).toBe(503);
    for (const { name, version } of projections) await fixture.rebuild(name, version);
    await until('ready again', async () => (await ready()).status === 'up');
  });

  it('stands by beside another one and takes over when that is killed', async () => {
    const first = start();
    await first.ready;
    const second = start();
    await second.ready;
    await waitForPosition(fixture.store, eventClock, await fixture.count(3), {
      timeoutMs: 30_000,
    });
    first.signal('SIGKILL');
    await first.ended;
    await waitForPosition(fixture.store, eventClock, await fixture.count(3), {
      timeoutMs: 30_000,
    });
    expect(
      await fixture.value(
        'select events::int from subscription.checkpoint where subscription = $1',
        ['event-clock'],
      ),
    ).toBe(6);
  });

  it('says which setting is wrong', async () => {
    const projector = start({ DATABASE_URL: 'mysql://somewhere' });
    expect(await projector.ended).toMatchObject({ code: 1 });
    expect(projector.output).toContain(
      'DATABASE_URL is "mysql://somewhere"; expected: a URL such as',
    );
  });
});
