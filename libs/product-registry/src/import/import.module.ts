import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';

import { EsdbEventLog } from '#event-log/esdb.js';
import { States } from '#event-log/states.js';
import { CommandObserver } from '#observability/command-observer.js';
import { DiskReserve } from '#observability/disk-reserve.js';
import { Logger } from '#observability/logging.js';
import { ReadStore } from '#read-store/read-store.js';

import { ProductRegistryModule } from '../product-registry.module.js';
import { ProductRegistry } from '../registry.js';
import { importDecider } from './decider.js';
import { ImportController } from './import.http.js';
import { ImportFiles } from './import-files.js';
import { Imports } from './imports.js';
import { importQueue } from './run/import-runner.js';

export interface ImportSettings {
  /** Files are kept in `<dataDir>/imports`. */
  readonly dataDir: string;
  /** Largest file that is taken; 256 MiB unless given. */
  readonly maxBytes?: number;
  /** Data rows of a list that are taken at most. */
  readonly maxRows?: number | undefined;
}

const largestFile = 256 * 1024 * 1024;

/** Imports of published lists, run by the processes that load this module. */
@Module({})
export class ImportModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(@Inject(Imports) private readonly imports: Imports) {}

  /** Expects the log, the read store and the observers to be provided globally. */
  static over({ dataDir, maxBytes = largestFile, maxRows }: ImportSettings): DynamicModule {
    const inject = [EsdbEventLog, ProductRegistry, DiskReserve, ReadStore, CommandObserver, Logger];
    const useFactory = (
      log: EsdbEventLog,
      registry: ProductRegistry,
      disk: DiskReserve,
      { pool }: ReadStore,
      observer: CommandObserver,
      logger: Logger,
    ): Imports => {
      const files = new ImportFiles(dataDir, maxBytes, disk);
      const imports = new States(log, importDecider, 1_000);
      const tools = { log, imports, registry, files, logger, maxRows };
      return new Imports(tools, importQueue(pool), observer);
    };
    return {
      module: ImportModule,
      imports: [ProductRegistryModule],
      controllers: [ImportController],
      providers: [{ provide: Imports, inject, useFactory }],
      exports: [Imports],
    };
  }

  onApplicationBootstrap(): void {
    this.imports.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.imports.stop();
  }
}
