import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';

import { EsdbEventLog } from '#event-log/esdb.js';
import { LogTail } from '#event-log/log-tail.js';
import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';
import { projections } from '#projections/all.js';
import { ProjectionRunner } from '#read-store/projection-runner.js';
import { ReadStore } from '#read-store/read-store.js';

import type { ProjectorConfig } from './config.js';
import { ProjectionMetrics } from './projection-metrics.js';
import { Supervision } from './supervision.js';

/** The runner with what it works on. `main.ts` starts it; closing the context stops it in order. */
@Module({})
export class ProjectorModule implements OnApplicationShutdown {
  constructor(
    private readonly runner: ProjectionRunner,
    private readonly supervision: Supervision,
    private readonly tail: LogTail,
    private readonly log: EsdbEventLog,
    private readonly store: ReadStore,
  ) {}

  static with(config: ProjectorConfig, logger: Logger): DynamicModule {
    return {
      module: ProjectorModule,
      providers: [
        { provide: Logger, useValue: logger },
        { provide: Metrics, useFactory: () => new Metrics() },
        {
          provide: EsdbEventLog,
          useFactory: () => EsdbEventLog.connect(config.EVENTSTORE_URL),
        },
        {
          provide: LogTail,
          inject: [EsdbEventLog],
          useFactory: (log: EsdbEventLog) => new LogTail(log, { logger }),
        },
        {
          provide: ReadStore,
          useFactory: () =>
            new ReadStore(config.DATABASE_URL, {
              logger,
              applicationName: 'voltrace projector',
              // A switch needs a second connection while it holds its first.
              maxConnections: 4 + 3 * projections.length,
            }),
        },
        {
          provide: ProjectionMetrics,
          inject: [Metrics],
          useFactory: (metrics: Metrics) => new ProjectionMetrics(metrics),
        },
        {
          provide: ProjectionRunner,
          inject: [ReadStore, EsdbEventLog, LogTail, ProjectionMetrics],
          useFactory: (
            store: ReadStore,
            log: EsdbEventLog,
            tail: LogTail,
            observer: ProjectionMetrics,
          ) => new ProjectionRunner(store, log, tail, projections, { logger, observer }),
        },
        Supervision,
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.runner.stop();
    await this.supervision.close();
    await this.tail.stop();
    await this.log.close();
    await this.store.close();
  }
}
