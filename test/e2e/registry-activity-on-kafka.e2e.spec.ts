import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { sendSignal } from '#embedded/processes.js';
import { ActivityUser } from '#test/support/activity-user.js';
import { describeWithKafka } from '#testing/kafka/describe-with-kafka.js';
import { freshNamespace, sharedKafka } from '#testing/kafka/shared.js';
import { TestStandalone } from '#testing/standalone.js';
import { until } from '#testing/until.js';

interface Shown {
  readonly source: string;
  readonly state: string;
  readonly reason: string | null;
  readonly partitions: readonly object[];
}

describeWithKafka('the activity of the registry, brought by Kafka', () => {
  const root = mkdtempSync(join(tmpdir(), 'voltrace-activity-'));
  chmodSync(root, 0o755);
  const dataDir = join(root, 'data');
  let env: Record<string, string>;
  let user: ActivityUser;

  beforeAll(async () => {
    const { brokers } = await sharedKafka();
    env = { KAFKA_BROKERS: brokers, KAFKA_NAMESPACE: freshNamespace() };
  });
  afterAll(async () => {
    await user.voltrace.stop();
    rmSync(root, { recursive: true, force: true });
  });

  const start = async (more: Record<string, string>): Promise<void> => {
    user = new ActivityUser(await TestStandalone.start({ dataDir, env: more }));
  };

  const consumer = async (): Promise<Shown> => {
    const answer = await user.voltrace.fetch('/v1/subscriptions/registry-activity');
    return (await answer.json()) as Shown;
  };

  const changes = async (): Promise<void> => {
    const maker = await user.makeMaker();
    for (const model of ['A', 'B', 'C']) {
      const product = await user.makeBattery(maker, model);
      await user.setName(product, 'Name');
      await user.withdrawName(product);
    }
  };

  it('is not taken up by a consumer that read the log, until that is reset', async () => {
    await start({});
    await changes();
    await user.matches();
    await user.voltrace.stop();

    await start(env);
    await until('it is stopped', async () => (await consumer()).state === 'stopped');
    const { source, reason } = await consumer();
    expect(source).toBe('log');
    expect(reason).toContain('voltrace subscriptions reset registry-activity --to start');
    // What was counted from the log stands meanwhile.
    await user.matches();

    const reset = await user.done(
      ...['subscriptions', 'reset', 'registry-activity', '--to', 'start'],
      ...['--reason', 'over Kafka from now on', '--yes'],
    );
    expect(reset).toBe('registry-activity: reset on source kafka.\n');
    await until('it reads all partitions', async () => (await consumer()).partitions.length === 6);
    await user.matches();
    await changes();
    await user.matches();
    await until('it runs', async () => (await consumer()).state === 'running');
    expect(await consumer()).toMatchObject({ source: 'kafka', reason: null });
  }, 480_000);

  it('comes to the same while relay and consumer are killed', async () => {
    for (const part of ['consumers', 'relay', 'consumers']) {
      const before = user.voltrace.pids[part] ?? NaN;
      await Promise.all([changes(), sleep(150).then(() => sendSignal(before, 'SIGKILL'))]);
      await until('it is started again', () => user.voltrace.pids[part] !== before);
    }
    await user.matches();
    expect(await user.done('parked', 'list')).toContain('Nothing found');
  }, 480_000);

  it('goes on beside a record that is no fact, which an operator discards', async () => {
    const topic = `${String(env['KAFKA_NAMESPACE'])}.voltrace.product-registry.v1`;
    const kafka = new Kafka({
      brokers: String(env['KAFKA_BROKERS']).split(','),
      logLevel: logLevel.NOTHING,
    });
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic, messages: [{ key: 'junk', value: 'junk' }] });
    await producer.disconnect();
    const parked = async (): Promise<readonly { readonly id: string }[]> =>
      (
        JSON.parse(await user.done('--json', 'parked', 'list')) as {
          items: readonly { id: string }[];
        }
      ).items;
    await until('it is parked', async () => (await parked()).length === 1);
    const [record] = await parked();
    const discarded = await user.done(
      ...['parked', 'discard', record?.id ?? ''],
      ...['--reason', 'somebody tried the topic out'],
    );
    expect(discarded).toContain('registry-activity: discarded; behind it 0 handled.');
    expect(await parked()).toEqual([]);
    expect((await user.events('subscription')).at(-1)).toMatchObject({
      type: 'ParkedEventDiscarded',
      metadata: { reason: 'somebody tried the topic out' },
    });
  });

  it('cannot be waited for by position, and says so', async () => {
    const answer = await user.voltrace.fetch('/v1/analytics/registry-activity?after=1');
    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringContaining('the facts come over Kafka'),
    ]);
  });

  it('comes to the same when the log brings it again', async () => {
    await user.voltrace.stop();
    await start({});
    await until('it is stopped', async () => (await consumer()).state === 'stopped');
    await user.done(
      ...['subscriptions', 'reset', 'registry-activity', '--to', 'start'],
      ...['--reason', 'without Kafka again', '--yes'],
    );
    await changes();
    await user.matches();
  });
});
