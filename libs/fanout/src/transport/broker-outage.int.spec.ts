import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';

import { describeWithKafkaPrograms } from '#testing/kafka/describe-with-kafka.js';
import { type OwnKafka, ownKafka } from '#testing/kafka/shared.js';
import { until } from '#testing/until.js';

import { KafkaCarrier } from '../contract-suite/kafka-carrier.js';
import { ledger } from '../contract-suite/ledger.js';
import { plainly, type Run, World } from '../contract-suite/world.js';
import type { KafkaTransportOptions } from './kafka-transport.js';

describeWithKafkaPrograms('a consumer whose broker', () => {
  let own: OwnKafka;
  let carrier: KafkaCarrier;
  let world: World;

  beforeAll(async () => {
    own = await ownKafka();
  });

  afterEach(async () => {
    await own.broker.kill('SIGCONT');
    await world.stop();
  });

  afterAll(() => own.dispose());

  const start = async (options: KafkaTransportOptions = {}): Promise<void> => {
    carrier = await KafkaCarrier.start({ sessionTimeoutMs: 6_000, ...options }, own.brokers);
    world = await World.start({ plug: plainly, carrier: () => Promise.resolve(carrier) });
  };

  const runs = async ({ runner }: Run): Promise<void> => {
    await until('it runs', () => runner.status().state === 'running');
  };

  it('is killed and comes back goes on where it was', async () => {
    await start();
    const run = await world.run(ledger());
    await world.count(20, 'tally-a');
    await world.untilWritten(20);
    await own.broker.kill();
    // Its look at the topics fails first, or its membership.
    await until('it says so', () => {
      const { state, connected } = run.runner.status();
      return state === 'waiting' && !connected;
    });
    await own.broker.restart();
    await runs(run);
    await world.count(20, 'tally-a');
    await world.untilWritten(40);
    expect(await world.faults()).toEqual([]);
  });

  it('stands still for a while goes on when it wakes', async () => {
    await start();
    const run = await world.run(ledger());
    await world.count(20, 'tally-a');
    await world.untilWritten(20);
    await own.broker.kill('SIGSTOP');
    await until('it says so', () => {
      const { state, reason } = run.runner.status();
      return state === 'waiting' && reason?.startsWith('Kafka does not answer') === true;
    });
    await sleep(5_000);
    await own.broker.kill('SIGCONT');
    await world.count(20, 'tally-a');
    await world.untilWritten(40);
    await runs(run);
    expect(await world.faults()).toEqual([]);
  });

  it('answers goes on while the event log is away', async () => {
    await start();
    const run = await world.run(ledger());
    await world.count(5, 'tally-a');
    await world.untilWritten(5);
    const bring = carrier.bring.bind(carrier);
    carrier.bring = () => Promise.resolve();
    await world.count(5, 'tally-a');
    carrier.bring = bring;
    const { messages } = await carrier.nextPage(world);
    await world.node.kill();
    await carrier.send(messages);
    await world.untilWritten(10);
    await runs(run);
    await world.node.restart();
    expect(await world.faults()).toEqual([]);
  });

  it('lets no session get anywhere ends the process', async () => {
    // Impatient beyond reason: every session is taken for dead at its first look.
    await start({ stallMs: 1 });
    const run = await world.run(ledger());
    const error = await run.runner.ended;
    expect(error?.message).toBe('5 sessions without progress');
    expect(run.runner.status().connected).toBe(false);
  });

  it('refuses the consumer for good ends the process', async () => {
    // Less than the broker allows a member.
    await start({ sessionTimeoutMs: 1_000 });
    const run = await world.run(ledger());
    const error = await run.runner.ended;
    expect(error?.message).toMatch(/session timeout/i);
  });
});
