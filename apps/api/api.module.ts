import { type DynamicModule, Module } from '@nestjs/common';

import { contexts } from '#apps/contexts.js';
import { subscriptions } from '#apps/subscriptions.js';
import type { KafkaSettings } from '#fanout/kafka.js';
import { RoutesModule } from '#http/routes.js';
import type { ProcessContext } from '#process/process-context.js';
import { ApiKeysController } from '#projections/api-keys/api-keys.http.js';
import { ImportsModule } from '#projections/imports/imports.module.js';
import { ProductCatalogModule } from '#projections/product-catalog/product-catalog.module.js';
import { RegistryActivityModule } from '#projections/registry-activity/registry-activity.module.js';
import { KnownSubscriptions } from '#subscription/known-subscriptions.js';
import { ParkedController } from '#subscription/parked.http.js';
import { SubscriptionsController } from '#subscription/subscriptions.http.js';

import { EventsController } from './events.http.js';
import { HealthController } from './health.http.js';
import { type Infrastructure, InfrastructureModule } from './infrastructure.module.js';
import { type LiveFeedLimits, LiveFeeds } from './live-feeds.js';
import { MetricsController } from './metrics.http.js';
import { ProjectionsHealth } from './projections-health.js';
import { RelayModule } from './relay.module.js';
import { RoutesReady } from './routes-ready.js';
import { TopicsModule } from './topics.module.js';

export interface ApiParts extends Infrastructure {
  /** Folder for evidence files and spooled uploads. */
  readonly dataDir: string;
  /** Data rows of an imported list at most. */
  readonly importMaxRows?: number | undefined;
  /** Absent: questions about topics are refused. */
  readonly kafka?: KafkaSettings | undefined;
  readonly liveFeeds?: LiveFeedLimits | undefined;
}

/** Everything that the API serves. */
@Module({})
export class ApiModule {
  static over(context: ProcessContext, parts: ApiParts): DynamicModule {
    return {
      module: ApiModule,
      imports: [
        InfrastructureModule.over(context, parts),
        ...contexts.flatMap(({ routes }) => (routes ? [RoutesModule.of(routes)] : [])),
        ImportsModule.over({ dataDir: parts.dataDir, maxRows: parts.importMaxRows }),
        ProductCatalogModule,
        RegistryActivityModule,
        RelayModule,
        TopicsModule.over({ kafka: parts.kafka }),
      ],
      controllers: [
        ApiKeysController,
        EventsController,
        HealthController,
        MetricsController,
        ParkedController,
        SubscriptionsController,
      ],
      providers: [
        ProjectionsHealth,
        RoutesReady,
        { provide: LiveFeeds, useValue: new LiveFeeds(parts.liveFeeds) },
        { provide: KnownSubscriptions, useValue: subscriptions },
      ],
    };
  }
}
