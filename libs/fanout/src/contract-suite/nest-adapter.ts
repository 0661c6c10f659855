import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { defer } from 'rxjs';

import type { Source } from '#subscription/source.js';

import type { Batch, Consumer } from '../consumer.js';
import type { Fact } from '../fact.js';
import type { DeclaredConsumer } from '../nest/declared-consumer.js';
import type { FanoutContext } from '../nest/fanout-context.js';
import { serveConsumers, type ServedConsumers } from '../nest/serve-consumers.js';
import type { Adapter, ConsumerHarness, ConsumerRunner } from './harness.js';

import 'reflect-metadata';

/** The consumer as a controller that hands its batches to it. */
const asDeclared = (
  consumer: Consumer,
  gives: 'a promise' | 'an Observable' = 'a promise',
): DeclaredConsumer => {
  const { name, topics } = consumer;
  const topic = topics[0] as `voltrace.${string}`;
  @Controller()
  class Handler {
    @EventPattern<typeof topic>(topic, { consumer: name })
    handle(@Payload() batch: Batch, @Ctx() { client }: FanoutContext): unknown {
      return gives === 'a promise'
        ? consumer.handle(batch, client)
        : defer(() => consumer.handle(batch, client));
    }
  }
  return {
    ...{ name, topics, controller: Handler, forgets: null, startOnly: null },
    forget: (after, client) => consumer.forget?.(after, client) ?? Promise.resolve(),
  };
};

/** The consumer as a Nest controller. */
export const asController = (gives: 'a promise' | 'an Observable'): Adapter => ({
  adapt: (consumer, run) => serveConsumers({ consumers: [asDeclared(consumer, gives)], run }),
});

/** Several consumers in one application. Resolves when each runs, or has failed once. */
export const serveTogether = async (
  harness: ConsumerHarness,
  consumers: readonly Consumer[],
  source: Source<Fact> = harness.transport.source(harness),
): Promise<ServedConsumers<ConsumerRunner>> => {
  const served = await serveConsumers({
    consumers: consumers.map((consumer) => asDeclared(consumer)),
    run: (consumer) => harness.runnerOf(consumer, { source }),
    retryMs: 1_000,
  });
  await served.start();
  return served;
};
