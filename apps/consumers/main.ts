import { contracts } from '#apps/contracts.js';
import { processes } from '#apps/processes.js';
import { ConsumerFollower } from '#fanout/consumer-follower.js';
import type { Fact } from '#fanout/fact.js';
import { kafkaSource } from '#fanout/kafka-source/kafka-reader.js';
import { serveConsumers } from '#fanout/nest/serve-consumers.js';
import { runProcess } from '#process/run-process.js';
import { openEventLog, openReadStore } from '#process/stores.js';
import { consumers } from '#projections/consumers.js';
import { migrateWhenPossible } from '#read-store/migrate-when-possible.js';
import { type KeepOptions, KeptRunning } from '#subscription/kept-running.js';
import { logSource } from '#subscription/log-source.js';
import { SubscriptionMetrics } from '#subscription/metrics.js';
import { type RunningSubscription, SubscriptionRunner } from '#subscription/runner.js';
import { subscriptionHealth } from '#subscription/status.js';
import { noteState } from '#subscription/subscription-row.js';

import { consumersEnvironment } from './config.js';
import { Retention } from './retention.js';

import 'reflect-metadata';

/** Events that arrive one by one are handled by processes in few transactions. */
const gatherMs = 100;

runProcess({
  name: 'consumers',
  environment: consumersEnvironment,
  start: async (context, config) => {
    const { logger, health, metrics } = context;
    const { log, tail } = openEventLog(context, config.EVENTSTORE_URL);
    const maxConnections = 6 + 4 * (consumers.length + processes.length);
    const store = openReadStore(context, config.DATABASE_URL, { maxConnections });
    const { KAFKA_BROKERS: brokers, KAFKA_SESSION_TIMEOUT_MS: sessionTimeoutMs } = config;
    const kafka = brokers !== undefined && { ...config, KAFKA_BROKERS: brokers };
    const source = kafka
      ? kafkaSource(kafka, logger, { sessionTimeoutMs })
      : logSource<Fact>(log, tail);
    const observer = new SubscriptionMetrics(metrics);
    const parts = { store, log, tail, logger, observer };
    const keep: KeepOptions = {
      logger,
      onFailure: (name, { message: reason }) => {
        const noted = noteState(store, { name, version: 0 }, { state: 'stopped', reason });
        noted.catch((error: unknown) => {
          logger.warn({ subscription: name, error }, 'the state cannot be recorded');
        });
      },
    };
    const served = await serveConsumers<RunningSubscription>({
      ...{ ...keep, consumers },
      run: (consumer) =>
        new SubscriptionRunner(new ConsumerFollower(consumer, contracts), source, parts),
    });
    context.onStop(() => served.stop());
    const kept = processes.map(({ name, follower }) => {
      const followsLog = logSource(log, tail, { gatherMs });
      const run = () => new SubscriptionRunner(follower(parts), followsLog, parts);
      return new KeptRunning<RunningSubscription>(name, run, keep);
    });
    context.onStop(async () => {
      await Promise.all(kept.map((each) => each.stop()));
    });
    const retention = new Retention(parts);
    context.onStop(() => retention.stop());
    const all = [...served.consumers, ...kept];
    for (const { kind, of } of [
      { kind: 'consumer', of: served.consumers },
      { kind: 'process', of: kept },
    ]) {
      for (const each of of) {
        health.register(`${kind} ${each.name}`, () => {
          const { run, failure } = each;
          if (failure) return { status: 'down', state: 'stopped', reason: failure.message };
          if (!run) return { status: 'down', state: 'starting' };
          return subscriptionHealth(run.status(), new Date());
        });
      }
    }
    context.onCollect(() => {
      const running = all.flatMap(({ run, failure }) => (run && !failure ? [run.status()] : []));
      return observer.collect(running, store);
    });
    await migrateWhenPossible(config.DATABASE_URL, logger);
    await tail.start();
    await Promise.all([served.start(), ...kept.map((each) => each.start())]);
    retention.start();
    return { source: source.name, subscriptions: all.map(({ name }) => name) };
  },
});
