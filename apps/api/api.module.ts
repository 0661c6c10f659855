import { type DynamicModule, Module } from '@nestjs/common';

import { contexts } from '#apps/contexts.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import type { KafkaSettings } from '#fanout/kafka.js';
import { RoutesModule } from '#http/routes.js';
import type { ProcessContext } from '#process/process-context.js';
import { projections } from '#projections/all.js';
import { ApiKeysController } from '#projections/api-keys/api-keys.http.js';
import { ImportsModule } from '#projections/imports/imports.module.js';
import { ProductCatalogModule } from '#projections/product-catalog/product-catalog.module.js';
import { RegistryActivityModule } from '#projections/registry-activity/registry-activity.module.js';
import { ParkedController } from '#read-store/parked.http.js';
import { ParkedEvents } from '#read-store/parked-event/parked-events.js';
import { Projections } from '#read-store/projection.js';
import { ProjectionsController } from '#read-store/projections.http.js';
import { ReadStore } from '#read-store/read-store.js';

import { ConsumersModule } from './consumers.module.js';
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
        ConsumersModule,
        TopicsModule.over({ kafka: parts.kafka }),
      ],
      controllers: [
        ApiKeysController,
        EventsController,
        HealthController,
        MetricsController,
        ParkedController,
        ProjectionsController,
      ],
      providers: [
        ProjectionsHealth,
        RoutesReady,
        { provide: LiveFeeds, useValue: new LiveFeeds(parts.liveFeeds) },
        { provide: Projections, useValue: new Projections(projections) },
        {
          provide: ParkedEvents,
          inject: [ReadStore, EsdbEventLog],
          useFactory: (store: ReadStore, log: EsdbEventLog) => new ParkedEvents(store, log),
        },
      ],
    };
  }
}
