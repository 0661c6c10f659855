import type { EventLog } from '#event-log/event-log.js';
import { timeOfDay } from '#kernel/wall-clock.js';
import { type CheckResult, progressHealth } from '#observability/health.js';
import type { Metrics } from '#observability/metrics.js';
import type { BatchCounts } from '#read-store/apply-batch.js';
import type { FeedObserver } from '#read-store/feed-context.js';
import type { Projection } from '#read-store/projection.js';
import type { ReadStore } from '#read-store/read-store.js';
import { newestPosition, projectionStatus } from '#read-store/status.js';

/** A projection that stands for so long is not well; a batch may take its time. */
const maxSilenceMs = 45_000;

/** Counts what becomes of events; knows the health and the lag of each projection. */
export class ProjectionMetrics implements FeedObserver {
  private readonly progressAt = new Map<string, number>();
  private readonly withoutRoom = new Set<string>();
  /** Why, by projection and build. */
  private readonly onAnotherLog = new Map<string, ReadonlyMap<number, string>>();

  constructor(private readonly metrics: Metrics) {}

  counted(projection: string, { done, skipped, parked }: BatchCounts): void {
    const { projectionEvents } = this.metrics;
    if (done > 0) projectionEvents.inc({ projection, outcome: 'done' }, done);
    if (skipped > 0) projectionEvents.inc({ projection, outcome: 'skipped' }, skipped);
    if (parked > 0) projectionEvents.inc({ projection, outcome: 'parked' }, parked);
  }

  failed(projection: string): void {
    this.metrics.projectionEvents.inc({ projection, outcome: 'retry' });
  }

  progressed(projection: string): void {
    this.progressAt.set(projection, performance.now());
    this.withoutRoom.delete(projection);
  }

  outOfSpace(projection: string): void {
    this.withoutRoom.add(projection);
  }

  logReplaced(projection: string, build: number, reason?: string): void {
    const builds = new Map(this.onAnotherLog.get(projection));
    if (reason === undefined) builds.delete(build);
    else builds.set(build, reason);
    this.onAnotherLog.set(projection, builds);
  }

  /** By progress: when the projection last moved, or knew that there was nothing to move over. */
  health(projection: string): CheckResult {
    const at = this.progressAt.get(projection);
    const lastProgressAt = at === undefined ? undefined : timeOfDay(at);
    const [replacedLog] = this.onAnotherLog.get(projection)?.values() ?? [];
    const failure = replacedLog ?? (this.withoutRoom.has(projection) ? 'disk full' : undefined);
    return progressHealth({ connected: true, lastProgressAt, failure }, new Date(), maxSilenceMs);
  }

  async collectLag(
    store: ReadStore,
    log: EventLog,
    projections: readonly Projection[],
  ): Promise<void> {
    const head = await newestPosition(log);
    for (const status of await projectionStatus(store, projections, head)) {
      const { name: projection, lagSeconds, pending } = status;
      if (lagSeconds !== null) this.metrics.projectionLagSeconds.set({ projection }, lagSeconds);
      if (pending !== null) this.metrics.projectionLagEvents.set({ projection }, pending);
    }
  }
}
