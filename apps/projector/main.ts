import { runProcess } from '#process/run-process.js';
import { openEventLog, openReadStore } from '#process/stores.js';
import { projections } from '#projections/all.js';
import { migrateWhenPossible } from '#read-store/migrate-when-possible.js';
import { ProjectionRunner } from '#read-store/projection-runner.js';
import { untilBuilt } from '#read-store/status.js';

import { projectorEnvironment } from './config.js';
import { ProjectionMetrics } from './projection-metrics.js';

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
    const observer = new ProjectionMetrics(metrics);
    context.onCollect(() => observer.collectLag(store, log, projections));
    for (const { name } of projections) {
      health.register(`projection ${name}`, () => observer.health(name));
    }
    await migrateWhenPossible(config.DATABASE_URL, logger);
    await tail.start();
    const runner = new ProjectionRunner(store, log, tail, projections, { logger, observer });
    context.onStop(() => runner.stop());
    await runner.start();
    // On an empty log that is a moment; a long build goes on while the process is ready.
    return { built: await untilBuilt(store, projections, firstBuildMs) };
  },
});
