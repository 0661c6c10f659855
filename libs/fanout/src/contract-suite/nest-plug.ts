import { Controller, type DynamicModule, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { defer } from 'rxjs';

import type { Batch, Consumer } from '../consumer.js';
import { FanoutContext } from '../nest/fanout-context.js';
import {
  type ConsumerRun,
  FanoutServer,
  fanoutServer,
  type FanoutServerOptions,
} from '../nest/fanout-server.js';
import { tallyContract } from './tally-contract.js';
import type { Plug, Plugged } from './world.js';

import 'reflect-metadata';

@Module({})
class PlugModule {
  static of(controller: Type, options: FanoutServerOptions): DynamicModule {
    const providers = fanoutServer({ inject: [], useFactory: () => options });
    return { module: PlugModule, controllers: [controller], providers };
  }
}

/** A Nest application whose one controller hands its batches to the consumer. */
const nestApp = async (
  consumer: Consumer,
  gives: 'a promise' | 'an Observable',
  run: (consumer: Consumer) => ConsumerRun,
): Promise<Plugged> => {
  const topic = consumer.topics[0] as `voltrace.${string}`;
  @Controller()
  class Handler {
    @EventPattern<typeof topic>(topic)
    handle(@Payload() batch: Batch, @Ctx() { client }: FanoutContext): unknown {
      return gives === 'a promise'
        ? consumer.handle(batch, client)
        : defer(() => consumer.handle(batch, client));
    }
  }
  const options: FanoutServerOptions = {
    name: consumer.name,
    contracts: [tallyContract],
    run,
    forget: (after, client) => consumer.forget?.(after, client) ?? Promise.resolve(),
  };
  const app = await NestFactory.createMicroservice(PlugModule.of(Handler, options), {
    useFactory: (strategy: FanoutServer) => ({ strategy }),
    inject: [FanoutServer],
    logger: false,
    abortOnError: false,
  });
  return {
    start: async () => {
      await app.listen();
    },
    stop: () => app.close(),
  };
};

/** The consumer as a Nest controller. */
export const asController = (gives: 'a promise' | 'an Observable'): Plug => ({
  name: `a controller that gives ${gives}`,
  plug: (consumer, run) => nestApp(consumer, gives, run),
});
