import { Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';

import { EsdbEventLog } from '#event-log/esdb.js';
import { LogTail } from '#event-log/log-tail.js';
import { Logger } from '#observability/logging.js';

import { ApiKeyController } from './api-key/api-key.http.js';
import { ApiKeys } from './api-key/api-keys.js';
import { Authenticator } from './api-key/authenticator.js';
import { ClosedRoutes } from './closed-routes.js';
import { Denials } from './denial/denials.js';

/** API keys, and what the guard of every route rests on. */
@Module({
  imports: [DiscoveryModule],
  controllers: [ApiKeyController],
  providers: [
    ApiKeys,
    Authenticator,
    ClosedRoutes,
    {
      provide: Denials,
      inject: [EsdbEventLog, Logger],
      useFactory: (log: EsdbEventLog, logger: Logger) => new Denials(log, logger),
    },
  ],
  exports: [ApiKeys, Authenticator, Denials],
})
export class AccessModule implements OnApplicationBootstrap, OnApplicationShutdown {
  private unsubscribe: () => void = () => undefined;

  constructor(
    private readonly tail: LogTail,
    private readonly authenticator: Authenticator,
    private readonly denials: Denials,
  ) {}

  onApplicationBootstrap(): void {
    this.unsubscribe = this.tail.onEvent((event) => this.authenticator.forgetKeyOf(event));
  }

  async onApplicationShutdown(): Promise<void> {
    this.unsubscribe();
    await this.denials.stop();
  }
}
