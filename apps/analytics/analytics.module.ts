import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';

import { contracts } from '#apps/contracts.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { LogTail } from '#event-log/log-tail.js';
import { ConsumerRunner } from '#fanout/consumer/runner.js';
import { Publication } from '#fanout/fact.js';
import { fanoutServer } from '#fanout/nest/fanout-server.js';
import { kafkaTransport } from '#fanout/transport/kafka-transport.js';
import { logTransport } from '#fanout/transport/log-transport.js';
import type { Transport } from '#fanout/transport/transport.js';
import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';
import {
  forgetRegistryActivity,
  registryActivity,
  RegistryActivityConsumer,
} from '#projections/registry-activity/consumer.js';
import { ReadStore } from '#read-store/read-store.js';

import type { AnalyticsConfig } from './config.js';
import { ConsumerMetrics } from './consumer-metrics.js';
import { Supervision } from './supervision.js';

/** The consumer with what it works on. `main.ts` starts it; closing the application stops it in order. */
@Module({})
export class AnalyticsModule implements OnApplicationShutdown {
  constructor(
    private readonly supervision: Supervision,
    private readonly tail: LogTail,
    private readonly log: EsdbEventLog,
    private readonly store: ReadStore,
  ) {}

  static with(config: AnalyticsConfig, logger: Logger): DynamicModule {
    return {
      module: AnalyticsModule,
      controllers: [RegistryActivityConsumer],
      providers: [
        { provide: Logger, useValue: logger },
        { provide: Metrics, useFactory: () => new Metrics() },
        { provide: EsdbEventLog, useFactory: () => EsdbEventLog.connect(config.EVENTSTORE_URL) },
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
              applicationName: 'voltrace analytics',
            }),
        },
        {
          provide: ConsumerMetrics,
          inject: [Metrics],
          useFactory: (metrics: Metrics) => new ConsumerMetrics(metrics),
        },
        ...fanoutServer({
          inject: [ReadStore, EsdbEventLog, LogTail, ConsumerMetrics],
          useFactory: (
            store: ReadStore,
            log: EsdbEventLog,
            tail: LogTail,
            observer: ConsumerMetrics,
          ) => ({
            name: registryActivity,
            contracts,
            forget: forgetRegistryActivity,
            run: (consumer) =>
              new ConsumerRunner(consumer, transportOf(config, log, tail, logger), {
                store,
                log,
                tail,
                logger,
                observer,
              }),
          }),
        }),
        Supervision,
      ],
    };
  }

  /** Nest has stopped the consumer by then. */
  async onApplicationShutdown(): Promise<void> {
    await this.supervision.close();
    await this.tail.stop();
    await this.log.close();
    await this.store.close();
  }
}

const transportOf = (
  config: AnalyticsConfig,
  log: EsdbEventLog,
  tail: LogTail,
  logger: Logger,
): Transport => {
  const { KAFKA_BROKERS: brokers, KAFKA_SESSION_TIMEOUT_MS: sessionTimeoutMs } = config;
  if (brokers === undefined) return logTransport(log, tail, new Publication(contracts));
  const settings = { ...config, KAFKA_BROKERS: brokers };
  return kafkaTransport(settings, contracts, logger, { sessionTimeoutMs });
};
