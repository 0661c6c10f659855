import { type DynamicModule, Module, type OnApplicationBootstrap } from '@nestjs/common';

import { apiKeyCategory } from '#access/api-key/events.js';
import { accessDenialCategory } from '#access/denial/events.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { OutcomeUnknown, WrongExpectedRevision } from '#event-log/event-log.js';
import { LogTail } from '#event-log/log-tail.js';
import { formatPosition } from '#event-log/position.js';
import { categoryOf } from '#event-log/stream-name.js';
import { consumerCategory } from '#fanout/consumer/events.js';
import { relayCategory } from '#fanout/relay/events.js';
import { CommandGateway } from '#http/command-gateway.js';
import { CommandObserver } from '#observability/command-observer.js';
import { DiskReserve } from '#observability/disk-reserve.js';
import { HealthRegistry, progressHealth } from '#observability/health.js';
import { Logger } from '#observability/logging.js';
import { type AppendOutcome, Metrics } from '#observability/metrics.js';
import { projections } from '#projections/all.js';
import { parkedEventCategory } from '#read-store/parked-event/events.js';
import { ReadStore } from '#read-store/read-store.js';
import { SameLog } from '#read-store/same-log.js';

import { Shutdown } from './shutdown.js';

export interface Infrastructure {
  readonly eventStoreUrl: string;
  readonly databaseUrl: string;
  readonly poolSize: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Of what the process writes to and of the stores, where they are on this machine. */
  readonly disk: DiskReserve;
}

/**
 * The connections of the process and what observes it, for every context's module.
 *
 * Global, since the contexts' libraries cannot import an app. Nothing connects before it is used, so
 * the OpenAPI document is built without a store. `closeInfrastructure` is called after Nest's own
 * shutdown: what the modules still append then must find the log open.
 */
@Module({})
export class InfrastructureModule implements OnApplicationBootstrap {
  constructor(
    private readonly tail: LogTail,
    private readonly store: ReadStore,
    private readonly health: HealthRegistry,
    private readonly disk: DiskReserve,
    private readonly sameLog: SameLog,
  ) {}

  static over({
    eventStoreUrl,
    databaseUrl,
    poolSize,
    logger,
    metrics,
    disk,
  }: Infrastructure): DynamicModule {
    const log = measured(EsdbEventLog.connect(eventStoreUrl), metrics);
    const store = new ReadStore(databaseUrl, {
      logger,
      maxConnections: poolSize,
      applicationName: 'voltrace api',
    });
    const sameLog = new SameLog(log, store, projections);
    keepTo(sameLog, log);
    const observer = new CommandObserver(logger, metrics);
    const values: [unknown, unknown][] = [
      [Logger, logger],
      [Metrics, metrics],
      [CommandObserver, observer],
      [CommandGateway, new CommandGateway(log, observer)],
      [HealthRegistry, new HealthRegistry()],
      [DiskReserve, disk],
      [SameLog, sameLog],
      [EsdbEventLog, log],
      [LogTail, new LogTail(log, { logger })],
      [ReadStore, store],
    ];
    const providers = [
      ...values.map(([provide, useValue]) => ({ provide: provide as typeof Logger, useValue })),
      Shutdown,
    ];
    return { module: InfrastructureModule, global: true, providers, exports: providers };
  }

  onApplicationBootstrap(): void {
    // Not awaited: the API answers, with red readiness, while the log is away.
    void this.tail.start();
    this.health.register('event-log', () => {
      const status = this.tail.status();
      const position = status.position ? formatPosition(status.position) : null;
      return { ...progressHealth(status, new Date()), position };
    });
    this.health.register('same-log', async () => {
      await this.sameLog.ensure().catch(() => undefined);
      const { reason } = this.sameLog;
      return reason === undefined ? { status: 'up' } : { status: 'down', reason };
    });
    void this.disk.start();
    this.health.register('disk', () => this.disk.health());
    this.health.register('read-store', async () => {
      await this.store.pool.query('select 1');
      return { status: 'up', connections: this.store.pool.totalCount };
    });
  }
}

/** What operators note, who may have to do so on a log that was replaced, and what says who may do what. */
const ofOperators: ReadonlySet<string> = new Set([
  apiKeyCategory,
  accessDenialCategory,
  consumerCategory,
  relayCategory,
  parkedEventCategory,
]);

/** Refuses to append to a log that the read models were not made from, whoever appends. */
const keepTo = (sameLog: SameLog, log: EsdbEventLog): void => {
  const append = log.append.bind(log);
  log.append = async (...call) => {
    if (!ofOperators.has(categoryOf(call[0]))) await sameLog.ensure();
    return append(...call);
  };
};

/** Counts the time of every append, whoever makes it. */
const measured = (log: EsdbEventLog, metrics: Metrics): EsdbEventLog => {
  const append = log.append.bind(log);
  log.append = async (...call) => {
    const stop = metrics.appendSeconds.startTimer();
    const note = (outcome: AppendOutcome): void => void stop({ outcome });
    try {
      const appended = await append(...call);
      note('appended');
      return appended;
    } catch (error) {
      if (error instanceof WrongExpectedRevision) note('wrong-revision');
      else note(error instanceof OutcomeUnknown ? 'unknown' : 'failed');
      throw error;
    }
  };
  return log;
};
