import { Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';

import { EsdbEventLog } from '#event-log/esdb.js';
import { LogTail } from '#event-log/log-tail.js';
import { HealthRegistry } from '#observability/health.js';
import { Logger } from '#observability/logging.js';
import { ReadStore } from '#read-store/read-store.js';
import { SameLog } from '#read-store/same-log.js';

import { AssignCodesProcess } from './assign-codes.process.js';
import { ManufacturerController } from './manufacturer/manufacturer.http.js';
import { ProductController } from './product/product.http.js';
import { ProductRegistry } from './registry.js';

/**
 * The registry's commands, and the process that keeps product codes in step with EntityCodes. Expects
 * the log, its tail, the read store and the observers to be provided globally.
 */
@Module({
  controllers: [ProductController, ManufacturerController],
  providers: [
    {
      provide: ProductRegistry,
      inject: [EsdbEventLog],
      useFactory: (log: EsdbEventLog) => new ProductRegistry(log),
    },
    {
      provide: AssignCodesProcess,
      inject: [EsdbEventLog, LogTail, ReadStore, SameLog, Logger],
      useFactory: (
        log: EsdbEventLog,
        tail: LogTail,
        store: ReadStore,
        sameLog: SameLog,
        logger: Logger,
      ) => new AssignCodesProcess(log, tail, store, sameLog, logger),
    },
  ],
  exports: [ProductRegistry],
})
export class ProductRegistryModule implements OnApplicationBootstrap, OnApplicationShutdown {
  private stopFollowing: () => void = () => undefined;

  constructor(
    private readonly registry: ProductRegistry,
    private readonly tail: LogTail,
    private readonly assignCodes: AssignCodesProcess,
    private readonly health: HealthRegistry,
  ) {}

  onApplicationBootstrap(): void {
    this.stopFollowing = this.registry.follow(this.tail);
    this.assignCodes.start();
    this.health.register('assign-codes', () => {
      const progress = this.assignCodes.progress();
      // Codes that come late are no reason to take the API out of service, a log that is not its own is one.
      const status = progress.activity === 'log-replaced' ? 'down' : 'up';
      return { status, ...progress };
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopFollowing();
    await this.assignCodes.stop();
  }
}
