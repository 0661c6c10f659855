import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';

import type { Position } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';
import type { Batch, ConsumerClient } from '#fanout/consumer.js';
import { assertResetsTo, type KnownConsumer } from '#fanout/consumer/known-consumers.js';
import { FanoutContext } from '#fanout/nest/fanout-context.js';

import { forgetActivity, recordActivity } from './record-activity.js';

/** Names its offsets and its Kafka group: permanent. */
export const registryActivity = 'registry-activity';

const topic = 'voltrace.product-registry.v1';

/** Keeps `analytics.registry_activity`: whose products were changed on which day, how, and how often. */
@Controller()
export class RegistryActivityConsumer {
  // The type argument picks the overload that lets a handler say what its context is.
  @EventPattern<typeof topic>(topic)
  async count(@Payload() batch: Batch, @Ctx() { client }: FanoutContext): Promise<void> {
    await recordActivity(batch.facts, client);
  }
}

export const aboutRegistryActivity: KnownConsumer = {
  name: registryActivity,
  topics: [topic],
  forgets: 'every count of GET /v1/analytics/registry-activity, which then fills anew',
  startOnly: 'it keeps counts, which do not say of which facts they are made',
};

/** Makes room for counting anew. Throws a `Refusal` (`RESET_FROM_START_ONLY`) for a later position. */
export const forgetRegistryActivity = async (
  after: Position | undefined,
  client: ConsumerClient,
): Promise<void> => {
  assertResetsTo(aboutRegistryActivity, after ? formatPosition(after) : 'start');
  await forgetActivity(client);
};
