import { contracts } from '#apps/contracts.js';
import { processes } from '#apps/processes.js';
import { ConsumerFollower } from '#fanout/consumer-follower.js';
import { factSource } from '#fanout/fact-source.js';
import { serveConsumers } from '#fanout/nest/serve-consumers.js';
import { runProcess } from '#process/run-process.js';
import { openEventLog, openReadStore } from '#process/stores.js';
import { consumers } from '#projections/consumers.js';
import { migrateWhenPossible } from '#read-store/migrate-when-possible.js';
import { KeptRunning } from '#subscription/kept-running.js';
import { keptHealth, recordingFailures } from '#subscription/kept-subscription.js';
import { logSource } from '#subscription/log-source.js';
import { SubscriptionMetrics } from '#subscription/metrics.js';
import { gatherMs } from '#subscription/pace.js';
import { type RunningSubscription, SubscriptionRunner } from '#subscription/runner.js';

import { consumersEnvironment } from './config.js';
import { Retention } from './retention.js';

import 'reflect-metadata';

runProcess({
  name: 'consumers',
  environment: consumersEnvironment,
  start: async (context, config) => {
    const { logger, health, metrics } = context;
    const { log, tail } = openEventLog(context, config.EVENTSTORE_URL);
    const maxConnections = 6 + 4 * (consumers.length + processes.length);
    const store = openReadStore(context, config.DATABASE_URL, { maxConnections });
    const source = factSource(config, { log, tail, logger });
    const observer = new SubscriptionMetrics(metrics);
    const parts = { store, log, tail, logger, observer };
    const keep = recordingFailures(store, logger);
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
        health.register(`${kind} ${each.name}`, () => keptHealth(each));
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
