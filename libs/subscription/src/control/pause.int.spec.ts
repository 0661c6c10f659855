import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { StoredEvent } from '#event-log/event-log.js';
import { quiet } from '#testing/quiet.js';
import { until } from '#testing/until.js';

import type { Follower } from '../follower.js';
import { KnownSubscriptions } from '../known-subscriptions.js';
import { logSource } from '../log-source.js';
import { Fixture } from '../projection/test/fixture.js';
import { SubscriptionRunner } from '../runner.js';
import { subscriptionHealth } from '../status.js';
import { subscriptionStatuses } from '../statuses.js';
import { operatorMeta } from '../test/ask.js';
import { PauseSubscription, ResumeSubscription } from './commands.js';

let fixture: Fixture;
let handled: string[] = [];
const running: SubscriptionRunner<StoredEvent>[] = [];

const follower: Follower<StoredEvent> = {
  ...{ kind: 'process', name: 'listener', version: 0, cure: 'none' },
  scopes: () => Promise.resolve([{ name: 'log', state: 'running' }]),
  read: (event) => (event.type === 'Counted' ? event : undefined),
  handle: (events) => {
    handled.push(...events.map(({ id }) => id));
    return Promise.resolve();
  },
};

beforeAll(async () => {
  fixture = await Fixture.start();
});
afterEach(async () => {
  for (const runner of running.splice(0)) await runner.stop();
  handled = [];
});
afterAll(async () => {
  await fixture.stop();
});

const start = async (): Promise<SubscriptionRunner<StoredEvent>> => {
  const { store, log, tail } = fixture;
  const parts = { store, log, tail, logger: quiet, pollMs: 50 };
  const runner = new SubscriptionRunner(follower, logSource(log, tail, { scopesMs: 50 }), parts);
  running.push(runner);
  await runner.start();
  return runner;
};
const paused = () => new PauseSubscription({ version: 0 }, operatorMeta());
const resumed = () => new ResumeSubscription({ version: 0 }, operatorMeta());
const state = async () => {
  const known = new KnownSubscriptions([]);
  const [status] = await subscriptionStatuses(fixture.store, known, undefined, 'listener');
  return status?.state;
};

describe('a subscription that is paused', () => {
  it('handles nothing, over restarts and resets, until it is resumed, and is healthy', async () => {
    await fixture.count(2);
    const first = await start();
    await until('both are handled', () => handled.length === 2);
    expect(await fixture.operator.done('listener', paused())).toBe('paused');
    expect(await fixture.operator.done('listener', paused())).toBe('it was paused already');
    await fixture.count(1);
    await until('it is shown', async () => (await state()) === 'paused');
    await until('it stands still in health', () => first.status().partitions.length === 0);
    const later = new Date(Date.now() + 50_000);
    expect(subscriptionHealth(first.status(), later)).toMatchObject({ status: 'up' });
    await first.stop();

    const second = await start();
    await fixture.operator.reset('listener', null);
    await until('it is reset', async () => {
      const sql = 'select control_outcome from subscription.subscription';
      return (await fixture.value(sql)) === 'reset on source log';
    });
    await until('it is opened anew', async () => {
      return (await fixture.value('select state from subscription.checkpoint')) === 'paused';
    });
    await until('it is healthy', () => {
      return subscriptionHealth(second.status(), new Date()).status === 'up';
    });
    expect(handled).toHaveLength(2);

    expect(await fixture.operator.done('listener', resumed())).toBe('resumed');
    await until('all are handled', () => handled.length === 5);
    await until('it is shown', async () => (await state()) === 'running');
    expect(await fixture.operator.done('listener', resumed())).toBe('it was not paused');
  });

  it('may be paused before it has read anything', async () => {
    const { pool } = fixture.store;
    await pool.query('update subscription.subscription set paused = true');
    await pool.query('delete from subscription.checkpoint');
    await start();
    await until('it is opened', async () => {
      return (await fixture.value('select state from subscription.checkpoint')) === 'paused';
    });
    expect(handled).toEqual([]);
  });
});
