import { runProcess } from '#process/run-process.js';
import { openEventLog, openReadStore } from '#process/stores.js';
import { projections } from '#projections/all.js';
import { migrateWhenPossible } from '#read-store/migrate-when-possible.js';
import { SubscriptionMetrics } from '#subscription/metrics.js';
import { untilBuilt } from '#subscription/projection/assert-built.js';
import { ProjectionRunner } from '#subscription/projection/run-projections.js';
import { subscriptionHealth } from '#subscription/status.js';

import { projectorEnvironment } from './config.js';

const firstBuildMs = 5_000;

runProcess({
  name: 'projector',
  environment: projectorEnvironment,
  start: async (context, config) => {
    const { logger, health, metrics } = context;
    const { log, tail } = openEventLog(context, config.EVENTSTORE_URL);
    // A switch needs a second connection while it holds its first.
    const maxConnections = 4 + 3 * projections.length;
    const store = openReadStore(context, config.DATABASE_URL, { maxConnections });
    const observer = new SubscriptionMetrics(metrics);
    const runner = new ProjectionRunner(projections, { store, log, tail, logger, observer });
    context.onStop(() => runner.stop());
    context.onCollect(() => observer.collect(runner.statuses(), store));
    for (const one of runner.runners) {
      const { name } = one.follower;
      health.register(`projection ${name}`, () => subscriptionHealth(one.status(), new Date()));
    }
    await migrateWhenPossible(config.DATABASE_URL, logger);
    await tail.start();
    await runner.start();
    // On an empty log that is a moment; a long build goes on while the process is ready.
    return { built: await untilBuilt(store, projections, firstBuildMs) };
  },
});
