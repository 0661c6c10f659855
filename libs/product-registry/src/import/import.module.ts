import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';

import { EsdbEventLog } from '#event-log/esdb.js';
import { CommandObserver } from '#observability/command-observer.js';
import { DiskReserve } from '#observability/disk-reserve.js';
import { Logger } from '#observability/logging.js';
import { ReadStore } from '#read-store/read-store.js';

import { ProductRegistryModule } from '../product-registry.module.js';
import { ProductRegistry } from '../registry.js';
import { ImportController } from './import.http.js';
import { ImportFiles } from './import-files.js';
import { Imports } from './imports.js';
import { ImportRunner } from './run/import-runner.js';
import { ImportWork } from './run/import-work.js';

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
  constructor(
    @Inject(Imports) private readonly imports: Imports,
    @Inject(ImportRunner) private readonly runner: ImportRunner,
  ) {}

  /** Expects the log, the read store and the observers to be provided globally. */
  static over({ dataDir, maxBytes = largestFile, maxRows }: ImportSettings): DynamicModule {
    return {
      module: ImportModule,
      imports: [ProductRegistryModule],
      controllers: [ImportController],
      providers: [
        {
          provide: ImportFiles,
          inject: [DiskReserve],
          useFactory: (disk: DiskReserve) => new ImportFiles(dataDir, maxBytes, disk),
        },
        {
          provide: ImportWork,
          inject: [ReadStore],
          useFactory: ({ pool }: ReadStore) => new ImportWork(pool),
        },
        {
          provide: Imports,
          inject: [EsdbEventLog, ProductRegistry, ImportFiles, ImportWork, CommandObserver],
          useFactory: (
            log: EsdbEventLog,
            registry: ProductRegistry,
            files: ImportFiles,
            work: ImportWork,
            observer: CommandObserver,
          ) => new Imports({ log, registry, files, work, observer, maxRows }),
        },
        {
          provide: ImportRunner,
          inject: [EsdbEventLog, ProductRegistry, ImportFiles, ImportWork, Imports, Logger],
          useFactory: (
            log: EsdbEventLog,
            registry: ProductRegistry,
            files: ImportFiles,
            work: ImportWork,
            { states }: Imports,
            logger: Logger,
          ) => new ImportRunner({ log, imports: states, registry, files, logger, maxRows }, work),
        },
      ],
      exports: [Imports],
    };
  }

  onApplicationBootstrap(): void {
    this.imports.tells(this.runner);
    this.runner.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.runner.stop();
  }
}
