import { contracts } from '#apps/contracts.js';
import { Grants, topics } from '#battery-lab/supervision/grants.js';
import { StoreClock } from '#battery-lab/supervision/store-clock.js';
import { Supervision } from '#battery-lab/supervision/supervision.js';
import { Supervisor } from '#battery-lab/supervision/supervisor.js';
import { Leases } from '#battery-lab/unit-link/leases.js';
import { ConsumerFollower } from '#fanout/consumer-follower.js';
import { factSource } from '#fanout/fact-source.js';
import { Sight, type Unseen } from '#fanout/sight.js';
import { runProcess } from '#process/run-process.js';
import { openEventLog, openReadStore } from '#process/stores.js';
import { migrateWhenPossible } from '#read-store/migrate-when-possible.js';
import { KeptRunning } from '#subscription/kept-running.js';
import { keptHealth, recordingFailures } from '#subscription/kept-subscription.js';
import { SubscriptionMetrics } from '#subscription/metrics.js';
import { type RunningSubscription, SubscriptionRunner } from '#subscription/runner.js';

import { controlEnvironment } from './config.js';

runProcess({
  name: 'cycler-control',
  environment: controlEnvironment,
  start: async (context, config) => {
    const { logger, health, metrics } = context;
    const { log, tail } = openEventLog(context, config.EVENTSTORE_URL);
    const store = openReadStore(context, config.DATABASE_URL, { maxConnections: 10 });
    const source = factSource(config, { log, tail, logger });
    const observer = new SubscriptionMetrics(metrics);
    const parts = { store, log, tail, logger, observer };
    const clock = new StoreClock(store.pool);
    const eyes = new Sight(source.name, contracts, Object.values(topics), tail);
    const sight = (): Unseen =>
      kept.run && !kept.failure ? eyes.of(kept.run.status()) : () => undefined;
    const silentS = config.CYCLER_SILENT_SECONDS;
    const leaseS = config.CYCLER_LEASE_SECONDS;
    const grants = new Grants(new Leases(store.pool), { leaseS, silentS, sight });
    const supervisor = new Supervisor(log, logger, clock.now, grants.turnOn);
    const supervision = new Supervision({
      ...{ supervisor, grants, clock, store, logger, silentS, sight },
    });
    const { consumer } = supervision;
    const run = () =>
      new SubscriptionRunner(new ConsumerFollower(consumer, contracts), source, parts);
    const options = recordingFailures(store, logger);
    const kept = new KeptRunning<RunningSubscription>(consumer.name, run, options);
    context.onStop(eyes.start());
    context.onStop(() => kept.stop());
    context.onStop(() => supervision.stop());
    health.register(`consumer ${consumer.name}`, () => keptHealth(kept));
    health.register('supervision', () =>
      supervision.problem === undefined
        ? { status: 'up' }
        : { status: 'down', reason: supervision.problem },
    );
    context.onCollect(() => observer.collect(kept.run ? [kept.run.status()] : [], store));
    await migrateWhenPossible(config.DATABASE_URL, logger);
    await clock.read();
    await tail.start();
    await kept.start();
    supervision.start();
    return { source: source.name, subscriptions: [consumer.name] };
  },
});
