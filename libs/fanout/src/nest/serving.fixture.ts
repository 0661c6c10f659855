import {
  Controller,
  type DynamicModule,
  type INestMicroservice,
  Module,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';

import type { Batch, Consumer, ConsumerClient } from '../consumer.js';
import { FanoutContext } from './fanout-context.js';
import {
  type ConsumerRun,
  FanoutServer,
  fanoutServer,
  type FanoutServerOptions,
} from './fanout-server.js';

import 'reflect-metadata';

export const topic = 'voltrace.tally.v1';
export const contracts = [{ topic }, { topic: 'voltrace.other.v1' }];

/** Where the runner would be: keeps the consumer, so that the tests deliver to it. */
export class Delivery implements ConsumerRun {
  consumer: Consumer | undefined;
  readonly statements: unknown[] = [];
  stopped = false;
  end!: (error?: Error) => void;
  readonly ended = new Promise<Error | undefined>((resolve) => (this.end = resolve));

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.stopped = true;
    this.end();
    return Promise.resolve();
  }

  deliver(batch: Batch = aBatch): Promise<void> {
    const query = (statement: unknown): Promise<unknown> => {
      this.statements.push(statement);
      return Promise.resolve({ rows: [] });
    };
    const client = { query } as unknown as ConsumerClient;
    if (!this.consumer) throw new Error('nothing was started');
    return this.consumer.handle(batch, client);
  }
}

export const aBatch: Batch = { topic, partition: 0, facts: [] };
export const apps: INestMicroservice[] = [];

/** Ends every application that a test has started. */
export const stopServing = async (): Promise<void> => {
  for (const app of apps.splice(0)) await app.close();
};

@Module({})
class TestModule {
  static of(controllers: Type[], options: FanoutServerOptions): DynamicModule {
    const providers = fanoutServer({ inject: [], useFactory: () => options });
    return { module: TestModule, controllers, providers };
  }
}

/** Applications of these controllers, with what stands in for the runner. */
export const serving = async (
  controllers: Type[],
  more: Partial<FanoutServerOptions> = {},
): Promise<{ delivery: Delivery; app: INestMicroservice }> => {
  const delivery = new Delivery();
  const options: FanoutServerOptions = {
    name: 'tally',
    contracts,
    run: (consumer) => {
      delivery.consumer = consumer;
      return delivery;
    },
    ...more,
  };
  const app = await NestFactory.createMicroservice(TestModule.of(controllers, options), {
    useFactory: (strategy: FanoutServer) => ({ strategy }),
    inject: [FanoutServer],
    logger: false,
    abortOnError: false,
  });
  apps.push(app);
  await app.listen();
  return { delivery, app };
};

/** A controller whose one handler is `work`. */
export const handling = (work: (batch: Batch, context: FanoutContext) => unknown): Type => {
  @Controller()
  class Handler {
    @EventPattern<typeof topic>(topic)
    handle(@Payload() batch: Batch, @Ctx() context: FanoutContext): unknown {
      return work(batch, context);
    }
  }
  return Handler;
};
