import { type DynamicModule, Module } from '@nestjs/common';

import { contexts } from '#apps/contexts.js';
import { subscriptions } from '#apps/subscriptions.js';
import type { KafkaSettings } from '#fanout/kafka.js';
import { RoutesModule } from '#http/routes.js';
import type { Routes } from '#kernel/context.js';
import type { ProcessContext } from '#process/process-context.js';
import { readModelRoutes } from '#projections/all.js';
import { consumerRoutes } from '#projections/consumers.js';
import { KnownSubscriptions } from '#subscription/known-subscriptions.js';
import { ParkedController } from '#subscription/parked.http.js';
import { SubscriptionsController } from '#subscription/subscriptions.http.js';

import { Drain } from './drain.js';
import { EventsController } from './events.http.js';
import { FormulaSamplesController } from './formula-samples.http.js';
import { HealthController } from './health.http.js';
import { type Infrastructure, InfrastructureModule } from './infrastructure.module.js';
import { IntakeController } from './intake.http.js';
import { type LiveFeedLimits, LiveFeeds } from './live-feeds.js';
import { MetricsController } from './metrics.http.js';
import { ProductLabController } from './product-lab.http.js';
import { ProjectionsHealth } from './projections-health.js';
import { RelayModule } from './relay.module.js';
import { RoutesReady } from './routes-ready.js';
import { SamplesFeedController } from './samples-feed.http.js';
import { StationBoardFeedController } from './station-board-feed.http.js';
import { TopicsModule } from './topics.module.js';

export interface ApiParts extends Infrastructure {
  /** Absent: questions about topics are refused. */
  readonly kafka?: KafkaSettings | undefined;
  readonly liveFeeds?: LiveFeedLimits | undefined;
  /** See `Drain`. Default: none. */
  readonly drainMs?: number | undefined;
}

const routes: readonly Routes[] = [
  ...contexts.flatMap((context) => context.routes ?? []),
  readModelRoutes,
  consumerRoutes,
];

/** Everything that the API serves. */
@Module({})
export class ApiModule {
  static over(context: ProcessContext, parts: ApiParts): DynamicModule {
    return {
      module: ApiModule,
      imports: [
        InfrastructureModule.over(context, parts),
        ...routes.map((some) => RoutesModule.of(some)),
        RelayModule,
        TopicsModule.over({ kafka: parts.kafka }),
      ],
      controllers: [
        EventsController,
        SamplesFeedController,
        StationBoardFeedController,
        FormulaSamplesController,
        ProductLabController,
        IntakeController,
        HealthController,
        MetricsController,
        ParkedController,
        SubscriptionsController,
      ],
      providers: [
        ProjectionsHealth,
        RoutesReady,
        { provide: LiveFeeds, useValue: new LiveFeeds(parts.liveFeeds) },
        { provide: Drain, useValue: new Drain(parts.drainMs ?? 0) },
        { provide: KnownSubscriptions, useValue: subscriptions },
      ],
    };
  }
}
