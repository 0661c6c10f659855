import { join } from 'node:path';

import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';

import { EsdbEventLog } from '#event-log/esdb.js';
import { KeptFiles } from '#jobs/kept-files.js';
import { defaultUnusedLimits, UnusedFiles, type UnusedLimits } from '#jobs/unused-files.js';
import { DiskReserve } from '#observability/disk-reserve.js';
import { Logger } from '#observability/logging.js';
import { ReadStore } from '#read-store/read-store.js';

import { BatteryLabModule } from '../battery-lab.module.js';
import { Experiments } from '../experiment/experiments.js';
import { Batteries } from '../things.js';
import { ExperimentImports } from './experiment-imports.js';
import { CyclerFileController, ExperimentImportController } from './import.http.js';

/** What imports of cycler files need to know of the process that runs them. */
export class CyclerFileSettings {
  constructor(
    /** Files are kept in `<dataDir>/cycler-files`. */
    readonly dataDir: string,
    /** Of files that no import has named. */
    readonly unused: UnusedLimits = defaultUnusedLimits,
  ) {}
}

/** Bytes of the largest file that is taken. */
const largestFile = 1024 * 1024 * 1024;

/**
 * Imports of cycler files, run by the processes that load this module. Expects the log, the read store, the gateway
 * and `CyclerFileSettings` to be provided globally.
 */
@Module({
  imports: [BatteryLabModule],
  controllers: [CyclerFileController, ExperimentImportController],
  providers: [
    {
      provide: ExperimentImports,
      inject: [
        ...[EsdbEventLog, Experiments, Batteries, DiskReserve, ReadStore, Logger],
        CyclerFileSettings,
      ],
      useFactory: (
        log: EsdbEventLog,
        experiments: Experiments,
        batteries: Batteries,
        disk: DiskReserve,
        { pool }: ReadStore,
        logger: Logger,
        { dataDir, unused: limits }: CyclerFileSettings,
      ): ExperimentImports => {
        const folder = join(dataDir, 'cycler-files');
        const files = new KeptFiles(folder, largestFile, disk);
        const unused = new UnusedFiles(files, join(folder, 'unused'), limits, logger);
        return new ExperimentImports({ log, experiments, files, unused, logger }, batteries, pool);
      },
    },
  ],
})
export class ExperimentImportModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(@Inject(ExperimentImports) private readonly imports: ExperimentImports) {}

  onApplicationBootstrap(): void {
    this.imports.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.imports.stop();
  }
}
