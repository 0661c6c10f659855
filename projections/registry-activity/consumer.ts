import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';

import type { Batch } from '#fanout/consumer.js';
import type { DeclaredConsumer } from '#fanout/nest/declared-consumer.js';
import { FanoutContext } from '#fanout/nest/fanout-context.js';

import { forgetActivity, recordActivity } from './record-activity.js';

/** Names its offsets and its Kafka group: permanent. */
export const registryActivity = 'registry-activity';

const topic = 'voltrace.product-registry.v1';

/** Keeps `analytics.registry_activity`: whose products were changed on which day, how, and how often. */
@Controller()
export class RegistryActivityConsumer {
  // The type argument picks the overload that lets a handler say what its context is.
  @EventPattern<typeof topic>(topic, { consumer: registryActivity })
  async count(@Payload() batch: Batch, @Ctx() { client }: FanoutContext): Promise<void> {
    await recordActivity(batch.facts, client);
  }
}

export const registryActivityConsumer: DeclaredConsumer = {
  name: registryActivity,
  topics: [topic],
  controller: RegistryActivityConsumer,
  forgets: 'every count of GET /v1/analytics/registry-activity, which then fills anew',
  startOnly: 'it keeps counts, which do not say of which facts they are made',
  forget: (_, client) => forgetActivity(client),
};
