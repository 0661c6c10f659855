import type { DeclaredConsumer } from '#fanout/nest/declared-consumer.js';

import { registryActivityConsumer } from './registry-activity/consumer.js';

/** Every consumer of published facts. `apps/consumers` runs them, the API tells operators of them. */
export const consumers: readonly DeclaredConsumer[] = [registryActivityConsumer];
