import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { Publication } from '#fanout/fact.js';
import { RelayStatus } from '#fanout/relay/status.js';
import { readStatus, saveStatus } from '#fanout/relay/status-row.js';
import { Fixture } from '#subscription/projection/test/fixture.js';
import { AppProcesses, supervision } from '#testing/app-processes.js';
import { compiledRoot } from '#testing/build.js';
import { describeWithKafka } from '#testing/kafka/describe-with-kafka.js';
import { freshNamespace, sharedKafka } from '#testing/kafka/shared.js';
import { eventually, until } from '#testing/until.js';

describeWithKafka('the relay process', () => {
  let fixture: Fixture;
  let script: string;
  const apps = new AppProcesses();

  beforeEach(async () => {
    script = join(compiledRoot, 'apps/relay/main.js');
    fixture = await Fixture.start();
  });

  afterEach(async () => {
    await apps.kill();
    await fixture.stop();
  });

  const start = async (env: Record<string, string> = {}) =>
    apps.start(script, {
      EVENTSTORE_URL: fixture.node.url,
      DATABASE_URL: fixture.database.url,
      KAFKA_BROKERS: (await sharedKafka()).brokers,
      KAFKA_NAMESPACE: freshNamespace(),
      ...env,
    });

  const shown = () => readStatus(fixture.store, fixture.log, new Publication([]));

  it('says that none ever ran, and what to do', async () => {
    const { state, reason } = await shown();
    expect(state).toBe('absent');
    expect(reason).toContain('KAFKA_BROKERS');
  });

  it('says when it has not written its status for long', async () => {
    const status = new RelayStatus();
    status.set('working');
    await saveStatus(fixture.store, randomUUID(), status);
    expect(await shown()).toMatchObject({ state: 'working' });
    await fixture.rows(`update fanout.relay set noted_at = noted_at - interval '11 s'`);
    expect(await shown()).toMatchObject({
      state: 'down',
      reason: 'it has not written its status since; it was working',
    });
  });

  it('leaves the row to the relay that is in charge', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    const working = new RelayStatus();
    working.isInCharge = true;
    working.positionRead({ commit: 7n, prepare: 7n });
    working.set('working');
    const standingBy = new RelayStatus();
    standingBy.standBy();
    await saveStatus(fixture.store, first, working);
    await saveStatus(fixture.store, second, standingBy);
    expect(await shown()).toMatchObject({ state: 'working', holder: first });
    working.standBy();
    await saveStatus(fixture.store, first, working);
    expect(await shown()).toMatchObject({ state: 'standby', holder: first, position: '7' });
  });

  it('shows health, and stops in order', async () => {
    const relay = await start({ HEALTH_PORT: '0' });
    const { port } = await relay.ready;
    const get = (path: string) => supervision(port, path);
    await until('ready', async () => (await get('/health/ready')).status === 200);
    expect(await (await get('/health/ready')).json()).toMatchObject({
      checks: { relay: { state: 'working' } },
    });
    expect((await get('/health/live')).status).toBe(200);
    await fixture.count(3);
    const metrics = async () => (await get('/metrics')).text();
    await eventually(async () => {
      expect(await metrics()).toContain('voltrace_relay_state{state="working"} 1');
      expect(await metrics()).toContain('voltrace_relay_lag_events 0');
    });
    // Over events that nobody publishes, so that they are not read again and again.
    const moved = 'voltrace_relay_transactions_total{outcome="committed"} 1';
    await until('the position moves', async () => (await metrics()).includes(moved));
    await eventually(async () => {
      const noted = { state: 'working', reason: null, pending: 0, lagSeconds: 0, paused: null };
      expect(await shown()).toMatchObject(noted);
    });
    expect(await relay.stop(60_000)).toEqual({ code: 0, signal: null });
  });

  it('says which setting is missing', async () => {
    const relay = await start({ KAFKA_BROKERS: '' });
    expect(await relay.ended).toMatchObject({ code: 1 });
    expect(relay.output).toContain('KAFKA_BROKERS is not set; expected: Brokers of');
  });
});
