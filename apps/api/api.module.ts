import { type DynamicModule, Module } from '@nestjs/common';

import { AccessModule } from '#access/access.module.js';

import { EventsController } from './events.http.js';
import { HealthController } from './health.http.js';
import { type Infrastructure, InfrastructureModule } from './infrastructure.module.js';
import { MetricsController } from './metrics.http.js';
import { ProjectionsHealth } from './projections-health.js';

/** Everything that the API serves. */
@Module({})
export class ApiModule {
  static over(infrastructure: Infrastructure): DynamicModule {
    return {
      module: ApiModule,
      imports: [InfrastructureModule.over(infrastructure), AccessModule],
      controllers: [EventsController, HealthController, MetricsController],
      providers: [ProjectionsHealth],
    };
  }
}
