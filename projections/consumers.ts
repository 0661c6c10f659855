import type { KnownConsumer } from '#fanout/consumer/known-consumers.js';

import { aboutRegistryActivity } from './registry-activity/consumer.js';

/** Every consumer of published facts. `apps/analytics` runs them, the API tells operators of them. */
export const consumers: readonly KnownConsumer[] = [aboutRegistryActivity];
