import { Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';

import { EsdbEventLog } from '#event-log/esdb.js';
import { LogTail } from '#event-log/log-tail.js';

import { ManufacturerController } from './manufacturer/manufacturer.http.js';
import { ListConflictController } from './product/list-conflict.http.js';
import { ProductController } from './product/product.http.js';
import { ProductIdentityController } from './product/product-identity.http.js';
import { ProductRegistry } from './registry.js';

/**
 * The registry's commands, and the process that keeps product codes in step with EntityCodes. Expects
 * the log, its tail, the read store and the observers to be provided globally.
 */
@Module({
  controllers: [
    ProductController,
    ProductIdentityController,
    ListConflictController,
    ManufacturerController,
  ],
  providers: [
    {
      provide: ProductRegistry,
      inject: [EsdbEventLog],
      useFactory: (log: EsdbEventLog) => new ProductRegistry(log),
    },
  ],
  exports: [ProductRegistry],
})
export class ProductRegistryModule implements OnApplicationBootstrap, OnApplicationShutdown {
  private stopFollowing: () => void = () => undefined;

  constructor(
    private readonly registry: ProductRegistry,
    private readonly tail: LogTail,
  ) {}

  onApplicationBootstrap(): void {
    this.stopFollowing = this.registry.follow(this.tail);
  }

  onApplicationShutdown(): void {
    this.stopFollowing();
  }
}
