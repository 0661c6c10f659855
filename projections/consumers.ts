import type { DeclaredConsumer } from '#fanout/nest/declared-consumer.js';
import type { Routes } from '#kernel/context.js';

import { registryActivityConsumer } from './registry-activity/consumer.js';

/** Every consumer of published facts. `apps/consumers` runs them, the API shows them to operators. */
export const consumers: readonly DeclaredConsumer[] = [registryActivityConsumer];

/** The routes that show what they keep; only the API loads them. */
export const consumerRoutes: Routes = async () => [
  (await import('./registry-activity/registry-activity.http.js')).RegistryActivityController,
];
