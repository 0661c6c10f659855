import type { CheckResult } from '#observability/health.js';

import type { RelayReport } from './report.js';

/** A relay that works commits, or knows that there is nothing to publish, at least so often. */
const maxSilenceMs = 45_000;

/** Ready by progress: working and moving, or rightly still because another relay works or an operator wants it so. */
export const relayHealth = (report: RelayReport, now: Date): CheckResult => {
  const { state, since, reason, progressAt } = report;
  const isMoving = progressAt !== undefined && now.getTime() - progressAt.getTime() <= maxSilenceMs;
  const isWell = state === 'standby' || state === 'paused' || state === 'working';
  return {
    status: isWell && isMoving ? 'up' : 'down',
    state,
    since: since.toISOString(),
    reason,
    lastProgressAt: progressAt?.toISOString() ?? null,
  };
};
