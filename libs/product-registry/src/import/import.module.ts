import { join } from 'node:path';

import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';

import { EsdbEventLog } from '#event-log/esdb.js';
import { States } from '#event-log/states.js';
import { KeptFiles } from '#jobs/kept-files.js';
import { CommandObserver } from '#observability/command-observer.js';
import { DiskReserve } from '#observability/disk-reserve.js';
import { Logger } from '#observability/logging.js';
import { ReadStore } from '#read-store/read-store.js';

import { LookAlikes } from '../look-alikes.js';
import { ProductRegistryModule } from '../product-registry.module.js';
import { ProductRegistry } from '../registry.js';
import { CompareController } from './compare/compare.http.js';
import { importDecider } from './decider.js';
import { ImportController } from './import.http.js';
import { Imports } from './imports.js';
import { ReviewController } from './review/review.http.js';
import { importQueue } from './run/import-runner.js';

/** What imports need to know of the process that runs them. */
export class ImportSettings {
  constructor(
    /** Files are kept in `<dataDir>/imports`. */
    readonly dataDir: string,
    /** Data rows of a list that are taken at most. */
    readonly maxRows?: number,
  ) {}
}

/** Bytes of the largest file that is taken. */
const largestFile = 256 * 1024 * 1024;

/**
 * Imports of published lists, run by the processes that load this module. Expects the log, the read store,
 * the observers, `LookAlikes` and `ImportSettings` to be provided globally.
 */
@Module({
  imports: [ProductRegistryModule],
  controllers: [ImportController, CompareController, ReviewController],
  providers: [
    {
      provide: Imports,
      inject: [
        ...[EsdbEventLog, ProductRegistry, DiskReserve, ReadStore, CommandObserver, Logger],
        ...[ImportSettings, LookAlikes],
      ],
      useFactory: (
        log: EsdbEventLog,
        registry: ProductRegistry,
        disk: DiskReserve,
        store: ReadStore,
        observer: CommandObserver,
        logger: Logger,
        { dataDir, maxRows }: ImportSettings,
        lookAlikes: LookAlikes,
      ): Imports => {
        const files = new KeptFiles(join(dataDir, 'imports'), largestFile, disk, ['csv', 'xlsx']);
        const imports = new States(log, importDecider, 1_000);
        const tools = { log, imports, registry, files, logger, maxRows, store, lookAlikes };
        return new Imports(tools, importQueue(store.pool), observer);
      },
    },
  ],
  exports: [Imports],
})
export class ImportModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(@Inject(Imports) private readonly imports: Imports) {}

  onApplicationBootstrap(): void {
    this.imports.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.imports.stop();
  }
}
