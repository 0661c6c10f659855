import { pause } from '#event-log/pause.js';
import type { ProcessContext } from '#process/process-context.js';
import { runProcess } from '#process/run-process.js';
import { openEventLog, openReadStore } from '#process/stores.js';
import { projections } from '#projections/all.js';
import { migrateWhenPossible } from '#read-store/migrate-when-possible.js';
import type { ReadStore } from '#read-store/read-store.js';
import { SubscriptionMetrics } from '#subscription/metrics.js';
import { untilBuilt } from '#subscription/projection/assert-built.js';
import { projectionStatus } from '#subscription/projection/projection-status.js';
import { ProjectionRunner } from '#subscription/projection/run-projections.js';
import { subscriptionHealth } from '#subscription/status.js';

import { projectorEnvironment } from './config.js';

const firstBuildMs = 5_000;
const lookMs = 1_000;

/** Stops the process when each projection is built in the version of this code, and says how far it is until then. */
const stopWhenBuilt = async (
  { logger, signal }: ProcessContext,
  store: ReadStore,
): Promise<void> => {
  let missing = '';
  while (!signal.aborted) {
    const open = (await projectionStatus(store, projections)).filter(({ name, builtVersion }) =>
      projections.some((known) => known.name === name && known.version !== builtVersion),
    );
    const shown = open
      .map(({ name, build }) => `${name} ${String(build?.percent ?? 0)} %`)
      .join(', ');
    if (shown !== missing) logger.info({ missing: shown }, 'builds that are not done yet');
    missing = shown;
    if (open.length === 0) {
      logger.info({}, 'everything is built');
      process.kill(process.pid, 'SIGTERM');
      return;
    }
    await pause(lookMs, signal);
  }
};

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
    const built = await untilBuilt(store, projections, firstBuildMs);
    if (config.PROJECTOR_UNTIL_BUILT === 'on') {
      const stopping = stopWhenBuilt(context, store).catch((error: unknown) =>
        context.fatal(error, 'the state of the builds is not known'),
      );
      context.onStop(() => stopping);
    }
    return { built };
  },
});
