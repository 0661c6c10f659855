import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { describeWithKafkaPrograms } from '#testing/kafka/describe-with-kafka.js';
import { type OwnKafka, ownKafka } from '#testing/kafka/shared.js';
import { startOwnNode } from '#testing/test-node.js';
import { until } from '#testing/until.js';

import { ConsumerHarness, direct, type Run } from '../contract-suite/harness.js';
import { KafkaTransport } from '../contract-suite/kafka-transport.js';
import { ledger } from '../contract-suite/ledger.js';
import type { KafkaReaderOptions } from './kafka-reader.js';

describeWithKafkaPrograms('a consumer whose broker', () => {
  let own: OwnKafka;
  let transport: KafkaTransport;
  let harness: ConsumerHarness;

  beforeAll(async () => {
    own = await ownKafka();
  });

  afterEach(async () => {
    await own.broker.kill('SIGCONT');
    await harness.stop();
  });

  afterAll(() => own.dispose());

  const start = async (options: Partial<KafkaReaderOptions> = {}): Promise<void> => {
    transport = await KafkaTransport.start({ sessionTimeoutMs: 6_000, ...options }, own.brokers);
    harness = await ConsumerHarness.start({
      adapter: direct,
      transport: () => Promise.resolve(transport),
      startNode: startOwnNode,
    });
  };

  const runs = async ({ runner }: Run): Promise<void> => {
    await until('it runs', () => runner.status().state === 'running');
  };

  it('is killed and comes back goes on where it was', async () => {
    await start();
    const run = await harness.run(ledger());
    await harness.append(20, 'counter-a');
    await harness.untilWritten(20);
    await own.broker.kill();
    // The inspection of its topics fails first, or its membership.
    await until('it says so', () => {
      const { state, connected } = run.runner.status();
      return state === 'waiting' && !connected;
    });
    await own.broker.restart();
    await runs(run);
    await harness.append(20, 'counter-a');
    await harness.untilWritten(40);
    expect(await harness.faults()).toEqual([]);
  });

  it('stands still for a while goes on when it wakes', async () => {
    await start();
    const run = await harness.run(ledger());
    await harness.append(20, 'counter-a');
    await harness.untilWritten(20);
    await own.broker.kill('SIGSTOP');
    await until('it says so', () => {
      const { state, reason } = run.runner.status();
      return state === 'waiting' && reason?.startsWith('Kafka does not answer') === true;
    });
    await sleep(5_000);
    await own.broker.kill('SIGCONT');
    await harness.append(20, 'counter-a');
    await harness.untilWritten(40);
    await runs(run);
    expect(await harness.faults()).toEqual([]);
  });

  it('answers goes on while the event log is away', async () => {
    await start();
    const run = await harness.run(ledger());
    await harness.append(5, 'counter-a');
    await harness.untilWritten(5);
    transport.publish = () => Promise.resolve();
    await harness.append(5, 'counter-a');
    const { messages } = await transport.nextPage(harness);
    await harness.node.kill();
    await transport.send(messages);
    await harness.untilWritten(10);
    await runs(run);
    await harness.node.restart();
    expect(await harness.faults()).toEqual([]);
  });

  it('lets no session get anywhere ends the process', async () => {
    // No session lives through its first inspection.
    await start({ stallMs: 1 });
    const run = await harness.run(ledger());
    const error = await run.runner.ended;
    expect(error?.message).toBe('5 sessions without progress');
    expect(run.runner.status().connected).toBe(false);
  });

  it('refuses the consumer for good ends the process', async () => {
    // Less than the broker allows a member.
    await start({ sessionTimeoutMs: 1_000 });
    const run = await harness.run(ledger());
    const error = await run.runner.ended;
    expect(error?.message).toMatch(/session timeout/i);
  });
});
