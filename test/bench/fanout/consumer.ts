import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Kafka } from 'kafkajs';

import { contracts } from '#apps/contracts.js';
import { AppProcess } from '#embedded/app-process.js';
import { LogTail } from '#event-log/log-tail.js';
import type { Consumer } from '#fanout/consumer.js';
import { ConsumerFollower } from '#fanout/consumer-follower.js';
import { kafkaSource } from '#fanout/kafka-source/kafka-reader.js';
import { recordActivity } from '#projections/registry-activity/record-activity.js';
import { ReadStore } from '#read-store/read-store.js';
import { SubscriptionRunner } from '#subscription/runner.js';

import { type Row, rssMiB } from '../report.js';
import { benchLogger as logger } from '../stores.js';
import type { BenchStores } from './stores.js';

const [contract] = contracts;
if (!contract) throw new Error('nothing is published');
const { topic } = contract;

/** Counts what comes and tells how fast it came, from the first batch to the last. */
class Meter {
  private began = 0;
  private first = 0;
  private seen = 0;
  readonly full: Promise<number>;
  private done: (perSecond: number) => void = () => undefined;

  constructor(private readonly total: number) {
    this.full = new Promise((resolve) => (this.done = resolve));
  }

  count(facts: number): void {
    if (this.seen === 0) {
      this.began = performance.now();
      this.first = facts;
    }
    this.seen += facts;
    if (this.seen < this.total) return;
    this.done((this.seen - this.first) / ((performance.now() - this.began) / 1_000));
  }
}

/** The peer: kafkajs alone, which reads the same records and does nothing with them. */
export const bareConsumerRate = async (kafka: Kafka, facts: number): Promise<number> => {
  const meter = new Meter(facts);
  const consumer = kafka.consumer({ groupId: 'bench.bare', readUncommitted: false });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachBatch: ({ batch }) => {
      meter.count(batch.messages.length);
      return Promise.resolve();
    },
  });
  const measured = await meter.full;
  await consumer.disconnect();
  return measured;
};

/** A consumer of ours, its tables and checkpoints in Postgres included. */
export const consumerRate = async (
  { settings, log, databaseUrl }: BenchStores,
  facts: number,
): Promise<number> => {
  const meter = new Meter(facts);
  const store = new ReadStore(databaseUrl, { logger });
  const tail = new LogTail(log);
  await tail.start();
  const consumer: Consumer = {
    name: 'bench',
    topics: [topic],
    handle: async ({ facts: batch }, client) => {
      await recordActivity(batch, client);
      meter.count(batch.length);
    },
  };
  const follower = new ConsumerFollower(consumer, contracts);
  const source = kafkaSource(settings, logger);
  const runner = new SubscriptionRunner(follower, source, { store, log, tail, logger });
  await runner.start();
  const measured = await meter.full;
  await runner.stop();
  await tail.stop();
  await store.pool.query(
    'truncate analytics.registry_activity, analytics.product_maker, analytics.manufacturer',
  );
  await store.close();
  return measured;
};

/** Memory of the consumers' process while it catches up: at a quarter, a half, and the end. */
export const consumerMemory = async (
  dist: string,
  { settings, databaseUrl, eventStoreUrl, dataDir }: BenchStores,
  facts: number,
): Promise<readonly number[]> => {
  const app = new AppProcess({
    script: join(dist, 'apps/consumers/main.js'),
    env: {
      PATH: process.env['PATH'],
      LOG_LEVEL: 'warn',
      DATABASE_URL: databaseUrl,
      EVENTSTORE_URL: eventStoreUrl,
      KAFKA_BROKERS: settings.KAFKA_BROKERS,
    },
    cwd: dataDir,
  });
  const store = new ReadStore(databaseUrl, { logger });
  const counted = async (): Promise<number> => {
    const { rows } = await store.pool.query<{ changes: string }>(
      'select coalesce(sum(changes), 0) as changes from analytics.registry_activity',
    );
    return Number(rows[0]?.changes);
  };
  const memory: number[] = [];
  for (const part of [0.25, 0.5, 1]) {
    while ((await counted()) < facts * part) await sleep(50);
    memory.push(await rssMiB(app.pid));
  }
  await app.stop();
  await store.close();
  return memory;
};

/** The consumer rows. */
export const consumerRows = (
  rate: number,
  bare: number,
  memory: readonly number[],
  facts: number,
): Row[] => {
  const [quarter = NaN, half = NaN, end = NaN] = memory;
  const growth = end / quarter;
  return [
    {
      path: `consumer, ${facts.toLocaleString('en')} facts`,
      measured: `${rate.toFixed(0)} facts/s`,
      peer: `${bare.toFixed(0)} records/s by a bare consumer`,
      ratio: rate / bare,
      target: 'none',
      met: true,
    },
    {
      path: 'consumer: memory at 25, 50, 100 % of the catch-up',
      measured: `${quarter.toFixed(0)}, ${half.toFixed(0)}, ${end.toFixed(0)} MiB`,
      ratio: growth,
      target: '<= 1.25',
      met: growth <= 1.25,
    },
  ];
};
