import { Injectable } from '@nestjs/common';

import { LogTail } from '#event-log/log-tail.js';
import type { ConsumerRunner } from '#fanout/consumer/runner.js';
import { consumerHealth } from '#fanout/consumer/status.js';
import { FanoutServer } from '#fanout/nest/fanout-server.js';
import type { HealthSettings } from '#observability/config.js';
import { type CheckResult, HealthRegistry, progressHealth } from '#observability/health.js';
import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';
import { SupervisionServer } from '#observability/supervision-server.js';
import { registryActivity } from '#projections/registry-activity/consumer.js';
import { ReadStore } from '#read-store/read-store.js';

import { ConsumerMetrics } from './consumer-metrics.js';

/** Health by progress, and metrics, for those who look after the process. */
@Injectable()
export class Supervision {
  private readonly supervisionServer: SupervisionServer;
  private refusal: Error | undefined;

  constructor(
    metrics: Metrics,
    consumerMetrics: ConsumerMetrics,
    store: ReadStore,
    logger: Logger,
    tail: LogTail,
    private readonly fanout: FanoutServer,
  ) {
    const health = new HealthRegistry();
    health.register('event-log', () => progressHealth(tail.status(), new Date()));
    health.register('read-store', async () => {
      await store.pool.query('select 1');
      return { status: 'up' };
    });
    health.register(`consumer ${registryActivity}`, () => this.consumer());
    const collect = async (): Promise<void> => {
      if (this.runner) await consumerMetrics.collect(this.runner.status(), store);
    };
    this.supervisionServer = new SupervisionServer({ health, metrics, logger, collect });
  }

  /** Why the consumer does not start, while it does not. */
  refused(refusal: Error | undefined): void {
    this.refusal = refusal;
  }

  /** Resolves with the port, if one is set. */
  listen(settings: HealthSettings): Promise<number | undefined> {
    return this.supervisionServer.listen(settings);
  }

  close(): Promise<void> {
    return this.supervisionServer.close();
  }

  private consumer(): CheckResult {
    if (this.refusal) return { status: 'down', state: 'refused', reason: this.refusal.message };
    const { runner } = this;
    if (!runner) return { status: 'down', state: 'starting' };
    return consumerHealth(runner.status(), new Date());
  }

  private get runner(): ConsumerRunner | undefined {
    return this.fanout.unwrap<ConsumerRunner | undefined>();
  }
}
