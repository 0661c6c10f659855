import { contracts } from '#apps/contracts.js';
import { Supervision } from '#battery-lab/supervision/supervision.js';
import { Supervisor } from '#battery-lab/supervision/supervisor.js';
import { ConsumerFollower } from '#fanout/consumer-follower.js';
import type { Fact } from '#fanout/fact.js';
import { kafkaSource } from '#fanout/kafka-source/kafka-reader.js';
import { wallNow } from '#kernel/wall-clock.js';
import type { CheckResult } from '#observability/health.js';
import { runProcess } from '#process/run-process.js';
import { openEventLog, openReadStore } from '#process/stores.js';
import { migrateWhenPossible } from '#read-store/migrate-when-possible.js';
import { KeptRunning } from '#subscription/kept-running.js';
import { logSource } from '#subscription/log-source.js';
import { SubscriptionMetrics } from '#subscription/metrics.js';
import { type RunningSubscription, SubscriptionRunner } from '#subscription/runner.js';
import { subscriptionHealth } from '#subscription/status.js';
import { noteState } from '#subscription/subscription-row.js';

import { controlEnvironment } from './config.js';

runProcess({
  name: 'cycler-control',
  environment: controlEnvironment,
  start: async (context, config) => {
    const { logger, health, metrics } = context;
    const { log, tail } = openEventLog(context, config.EVENTSTORE_URL);
    const store = openReadStore(context, config.DATABASE_URL, { maxConnections: 10 });
    const { KAFKA_BROKERS: brokers, KAFKA_SESSION_TIMEOUT_MS: sessionTimeoutMs } = config;
    const source =
      brokers === undefined
        ? logSource<Fact>(log, tail)
        : kafkaSource({ ...config, KAFKA_BROKERS: brokers }, logger, { sessionTimeoutMs });
    const observer = new SubscriptionMetrics(metrics);
    const parts = { store, log, tail, logger, observer };
    const supervision = new Supervision(new Supervisor(log, logger, wallNow), store, logger, {
      silentS: config.CYCLER_SILENT_SECONDS,
      leaseS: config.CYCLER_LEASE_SECONDS,
      isFollowing: (): boolean => check().status === 'up',
    });
    const { consumer } = supervision;
    const run = () =>
      new SubscriptionRunner(new ConsumerFollower(consumer, contracts), source, parts);
    const kept = new KeptRunning<RunningSubscription>(consumer.name, run, {
      logger,
      onFailure: (name, { message: reason }) => {
        const noted = noteState(store, { name, version: 0 }, { state: 'stopped', reason });
        noted.catch((error: unknown) => {
          logger.warn({ subscription: name, error }, 'the state cannot be recorded');
        });
      },
    });
    const check = (): CheckResult => {
      if (kept.failure) {
        return { status: 'down', state: 'stopped', reason: kept.failure.message };
      }
      if (!kept.run) return { status: 'down', state: 'starting' };
      return subscriptionHealth(kept.run.status(), new Date());
    };
    context.onStop(() => kept.stop());
    context.onStop(() => supervision.stop());
    health.register(`consumer ${consumer.name}`, check);
    health.register('supervision', () =>
      supervision.problem === undefined
        ? { status: 'up' }
        : { status: 'down', reason: supervision.problem },
    );
    context.onCollect(() => observer.collect(kept.run ? [kept.run.status()] : [], store));
    await migrateWhenPossible(config.DATABASE_URL, logger);
    await tail.start();
    await kept.start();
    supervision.start();
    return { source: source.name, subscriptions: [consumer.name] };
  },
});
