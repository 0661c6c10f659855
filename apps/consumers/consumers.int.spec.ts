import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { StoredEvent } from '#event-log/event-log.js';
import { appendAll, decimal, Story } from '#projections/product-catalog/story.fixture.js';
import { Fixture } from '#subscription/projection/test/fixture.js';
import { AppProcesses, supervision } from '#testing/app-processes.js';
import { compiledRoot } from '#testing/build.js';
import { eventually, until } from '#testing/until.js';

/** What an orderly end may take on a busy machine. */
const patienceMs = 60_000;

let fixture: Fixture;
let script: string;
const apps = new AppProcesses();

beforeEach(async () => {
  script = join(compiledRoot, 'apps/consumers/main.js');
  fixture = await Fixture.start();
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

const counted = async (): Promise<number> =>
  Number(await fixture.value('select coalesce(sum(changes), 0) from analytics.registry_activity'));

const health = async (
  port: number | undefined,
): Promise<{ status: number; consumer: Record<string, unknown> | undefined }> => {
  const answer = await supervision(port, '/health/ready');
  const { checks } = (await answer.json()) as {
    checks: Record<string, Record<string, unknown> | undefined>;
  };
  return { status: answer.status, consumer: checks['consumer registry-activity'] };
};

const batteries = (count: number, maker: string): readonly StoredEvent[] => {
  const story = new Story().maker(maker);
  for (let index = 0; index < count; index++) {
    const capacity = { EnergyCapacityNominal: decimal(String(index), 'kWh') };
    story.battery(`${maker} ${String(index)}`, maker, null, capacity);
  }
  return story.events;
};

describe('the process of the consumers', () => {
  it('counts what is in the log and what comes, shows how it is, and stops in order', async () => {
    await appendAll(fixture.log, batteries(10, 'One'));
    const running = start({ HEALTH_PORT: '0' });
    const { port } = await running.ready;
    await until('counted', async () => (await counted()) === 21);
    await appendAll(fixture.log, batteries(5, 'Two'));
    await until('counted', async () => (await counted()) === 32);
    await until('ready', async () => (await health(port)).status === 200);
    // What is written can be read before the process hears of it.
    await eventually(async () => {
      const metrics = await (await supervision(port, '/metrics')).text();
      expect(metrics).toContain(
        'voltrace_subscription_events_total{subscription="registry-activity",outcome="done"} 32',
      );
      expect(metrics).toMatch(
        /voltrace_subscription_lag_seconds\{subscription="registry-activity",.*\} 0/,
      );
      expect(metrics).toContain('voltrace_subscription_parked{subscription="registry-activity"} 0');
    });
    expect(await running.stop(patienceMs)).toEqual({ code: 0, signal: null });
  });

  it('counts each fact once, though it is killed again and again', async () => {
    for (let round = 0; round < 4; round++) {
      const running = start();
      await running.ready;
      const before = await counted();
      await appendAll(fixture.log, batteries(100, `Maker ${String(round)}`));
      await until('on its way', async () => (await counted()) > before);
      running.signal('SIGKILL');
      await running.ended;
    }
    const last = start();
    await last.ready;
    await until('all of it', async () => (await counted()) >= 4 * 201);
    expect(await counted()).toBe(4 * 201);
  });

  it('stays and says why where its checkpoints are of another source, until it is reset', async () => {
    const first = start();
    await first.ready;
    await appendAll(fixture.log, batteries(3, 'One'));
    await until('counted', async () => (await counted()) === 7);
    await first.stop();
    await fixture.store.pool.query(
      "update subscription.subscription set source = 'kafka' where name = 'registry-activity'",
    );
    const running = start({ HEALTH_PORT: '0' });
    const { port } = await running.ready;
    const { status, consumer } = await health(port);
    expect([status, consumer?.['state']]).toEqual([503, 'stopped']);
    expect(consumer?.['reason']).toContain(
      'voltrace subscriptions reset registry-activity --to start',
    );
    const told = 'voltrace subscriptions reset registry-activity --to start';
    await until('it is logged', () => running.output.includes(told));

    await fixture.operator.reset('registry-activity', null);
    await until('running', async () => (await health(port)).status === 200);
    await until('counted anew', async () => (await counted()) === 7);
    const source = "select source from subscription.subscription where name = 'registry-activity'";
    expect(await fixture.value(source)).toBe('log');
  });

  it('says which setting is wrong', async () => {
    const running = start({ KAFKA_BROKERS: 'kafka://somewhere' });
    expect(await running.ended).toMatchObject({ code: 1 });
    expect(running.output).toContain(
      'KAFKA_BROKERS is "kafka://somewhere"; expected: host:port pairs',
    );
  });
});
