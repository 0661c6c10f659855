import type { DeclaredConsumer } from '#fanout/nest/declared-consumer.js';
import type { Routes } from '#kernel/context.js';

import { cyclerRecordsConsumer } from './cycler-records/consumer.js';
import { registryActivityConsumer } from './registry-activity/consumer.js';

/** Every consumer of published facts. `apps/consumers` runs them, the API shows them to operators. */
export const consumers: readonly DeclaredConsumer[] = [
  registryActivityConsumer,
  cyclerRecordsConsumer,
];

/** The routes that show what they keep; only the API loads them. */
export const consumerRoutes: Routes = async () => [
  (await import('./registry-activity/registry-activity.http.js')).RegistryActivityController,
  (await import('./cycler-records/records.http.js')).RecordsController,
  (await import('./cycler-records/statistics.http.js')).StatisticsController,
];
