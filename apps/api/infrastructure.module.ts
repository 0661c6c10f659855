import { type DynamicModule, Module, type OnApplicationBootstrap } from '@nestjs/common';

import { PermissionTable } from '#access/permissions.js';
import { contexts } from '#apps/contexts.js';
import { CyclerFileSettings } from '#battery-lab/import/experiment-import.module.js';
import { LabLookups } from '#battery-lab/lookups.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { OutcomeUnknown, WrongExpectedRevision } from '#event-log/event-log.js';
import { LogTail } from '#event-log/log-tail.js';
import { categoryOf } from '#event-log/stream-name.js';
import { CommandGateway } from '#http/command-gateway.js';
import type { UnusedLimits } from '#jobs/unused-files.js';
import { CommandObserver } from '#observability/command-observer.js';
import { DiskReserve } from '#observability/disk-reserve.js';
import { HealthRegistry } from '#observability/health.js';
import { Logger } from '#observability/logging.js';
import { type AppendOutcome, Metrics } from '#observability/metrics.js';
import { ProcessContext } from '#process/process-context.js';
import { openEventLog, openReadStore } from '#process/stores.js';
import { ImportSettings } from '#product-registry/import/import.module.js';
import { LookAlikes } from '#product-registry/look-alikes.js';
import { projections } from '#projections/all.js';
import { apiKeyNames } from '#projections/api-keys/api-keys.http.js';
import { CatalogLookAlikes } from '#projections/product-catalog/catalog-look-alikes.js';
import { ReadStore } from '#read-store/read-store.js';
import { ResourceReader } from '#resource/reader.js';
import { SameLog } from '#subscription/projection/same-log.js';

import { ApiLookups } from './lab-lookups.js';

export interface Infrastructure {
  readonly eventStoreUrl: string;
  readonly databaseUrl: string;
  readonly poolSize: number;
  /** Folder for evidence files and spooled uploads. */
  readonly dataDir: string;
  /** Data rows of an imported list at most. */
  readonly importMaxRows?: number | undefined;
  /** Of files of cyclers that no import has named. */
  readonly unusedFiles?: UnusedLimits | undefined;
  /** Of what the process writes to and of the stores, where they are on this machine. */
  readonly disk: DiskReserve;
}

/**
 * The connections of the process and what observes it, for every context's module.
 *
 * Global, since the contexts' libraries cannot import an app. Nothing connects before it is used, so
 * the OpenAPI document is built without a store.
 */
@Module({})
export class InfrastructureModule implements OnApplicationBootstrap {
  constructor(
    private readonly tail: LogTail,
    private readonly health: HealthRegistry,
    private readonly disk: DiskReserve,
    private readonly sameLog: SameLog,
  ) {}

  static over(context: ProcessContext, infrastructure: Infrastructure): DynamicModule {
    const { eventStoreUrl, databaseUrl, poolSize, disk, dataDir } = infrastructure;
    const { importMaxRows, unusedFiles } = infrastructure;
    const { logger, metrics, health } = context;
    const { log, tail } = openEventLog(context, eventStoreUrl);
    measure(log, metrics);
    const store = openReadStore(context, databaseUrl, { maxConnections: poolSize });
    const sameLog = new SameLog(log, store, projections);
    keepTo(sameLog, log);
    const observer = new CommandObserver(logger, metrics);
    const values: [unknown, unknown][] = [
      [ProcessContext, context],
      [Logger, logger],
      [Metrics, metrics],
      [CommandObserver, observer],
      [PermissionTable, new PermissionTable(contexts)],
      [CommandGateway, new CommandGateway(log, observer)],
      [HealthRegistry, health],
      [DiskReserve, disk],
      [ImportSettings, new ImportSettings(dataDir, importMaxRows)],
      [CyclerFileSettings, new CyclerFileSettings(dataDir, unusedFiles)],
      [SameLog, sameLog],
      [EsdbEventLog, log],
      [LogTail, tail],
      [ReadStore, store],
      [LabLookups, new ApiLookups(store, log)],
      [LookAlikes, new CatalogLookAlikes(store)],
      [ResourceReader, new ResourceReader(store, log, tail, apiKeyNames)],
    ];
    const providers = values.map(([provide, useValue]) => ({
      provide: provide as typeof Logger,
      useValue,
    }));
    return { module: InfrastructureModule, global: true, providers, exports: providers };
  }

  onApplicationBootstrap(): void {
    // Not awaited: the API answers, with red readiness, while the log is away.
    void this.tail.start();
    this.health.register('same-log', async () => {
      await this.sameLog.ensure().catch(() => undefined);
      const { reason } = this.sameLog;
      return reason === undefined ? { status: 'up' } : { status: 'down', reason };
    });
    void this.disk.start();
    this.health.register('disk', () => this.disk.health());
  }
}

const ofOperators: ReadonlySet<string> = new Set(
  contexts
    .filter(({ isOfOperators }) => isOfOperators)
    .flatMap(({ categories }) => categories.map(({ category }) => category)),
);

/** Refuses to append to a log that the read models were not made from, whoever appends. */
const keepTo = (sameLog: SameLog, log: EsdbEventLog): void => {
  const append = log.append.bind(log);
  log.append = async (...call) => {
    if (!ofOperators.has(categoryOf(call[0]))) await sameLog.ensure();
    return append(...call);
  };
};

/** Counts the time of every append, whoever makes it. */
const measure = (log: EsdbEventLog, metrics: Metrics): void => {
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
};
