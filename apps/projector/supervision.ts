import { Injectable } from '@nestjs/common';

import { EsdbEventLog } from '#event-log/esdb.js';
import { LogTail } from '#event-log/log-tail.js';
import type { HealthSettings } from '#observability/config.js';
import { HealthRegistry, progressHealth } from '#observability/health.js';
import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';
import { SupervisionServer } from '#observability/supervision-server.js';
import { projections } from '#projections/all.js';
import { ReadStore } from '#read-store/read-store.js';

import { ProjectionMetrics } from './projection-metrics.js';

/** A projection that stands for so long is not well; a batch may take its time. */
const maxSilenceMs = 45_000;

/** Health by progress, and metrics, for those who look after the process. */
@Injectable()
export class Supervision {
  private readonly server: SupervisionServer;

  constructor(
    metrics: Metrics,
    observer: ProjectionMetrics,
    store: ReadStore,
    log: EsdbEventLog,
    logger: Logger,
    tail: LogTail,
  ) {
    const health = new HealthRegistry();
    health.register('event-log', () => progressHealth(tail.status(), new Date()));
    health.register('read-store', async () => {
      await store.pool.query('select 1');
      return { status: 'up' };
    });
    for (const { name } of projections) {
      health.register(`projection ${name}`, () => {
        const lastProgressAt = observer.lastProgressAt(name);
        const health = progressHealth(
          { connected: true, lastProgressAt },
          new Date(),
          maxSilenceMs,
        );
        const reason =
          observer.replacedLog(name) ?? (observer.isOutOfSpace(name) ? 'disk full' : undefined);
        return reason === undefined ? health : { ...health, status: 'down', reason };
      });
    }
    const collect = () => observer.collectLag(store, log, projections);
    this.server = new SupervisionServer({ health, metrics, logger, collect });
  }

  /** Resolves with the port, if one is set. */
  listen(settings: HealthSettings): Promise<number | undefined> {
    return this.server.listen(settings);
  }

  close(): Promise<void> {
    return this.server.close();
  }
}
