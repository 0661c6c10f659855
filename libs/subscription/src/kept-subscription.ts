import type { CheckResult } from '#observability/health.js';
import type { ReadStore, StoreLogger } from '#read-store/read-store.js';

import type { KeepOptions, KeptRunning } from './kept-running.js';
import type { RunningSubscription } from './runner.js';
import { subscriptionHealth } from './status.js';
import { notedStates } from './subscription-row.js';

/** Records why a subscription does not run, for operators. */
export const recordingFailures = (
  store: ReadStore,
  logger: StoreLogger & NonNullable<KeepOptions['logger']>,
): KeepOptions => ({
  logger,
  onFailure: (name, { message: reason }) => {
    const noted = notedStates(store).of({ name, version: 0, state: 'stopped', reason });
    noted.catch((error: unknown) => {
      logger.warn({ subscription: name, error }, 'the state cannot be recorded');
    });
  },
});

/** Of one that is kept running: of its present run, or why there is none. */
export const keptHealth = ({
  run,
  failure,
}: Pick<KeptRunning<RunningSubscription>, 'run' | 'failure'>): CheckResult => {
  if (failure) return { status: 'down', state: 'stopped', reason: failure.message };
  if (!run) return { status: 'down', state: 'starting' };
  return subscriptionHealth(run.status(), new Date());
};
