import { Controller, type Type } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';

import type { Run } from '#subscription/kept-running.js';

import type { Batch, Consumer, ConsumerClient } from '../consumer.js';
import type { DeclaredConsumer } from './declared-consumer.js';
import type { FanoutContext } from './fanout-context.js';
import { serveConsumers, type ServedConsumers, type ServeOptions } from './serve-consumers.js';

import 'reflect-metadata';

export const topic = 'voltrace.counter.v1';

/** Where the runner would be: keeps the consumer, so that the tests deliver to it. */
export class Delivery implements Run {
  readonly statements: unknown[] = [];
  stopped = false;
  end!: (error?: Error) => void;
  readonly ended = new Promise<Error | undefined>((resolve) => (this.end = resolve));

  constructor(
    readonly consumer: Consumer,
    private readonly refusal?: Error,
  ) {}

  start(): Promise<void> {
    return this.refusal ? Promise.reject(this.refusal) : Promise.resolve();
  }

  stop(): Promise<void> {
    this.stopped = true;
    this.end();
    return Promise.resolve();
  }

  deliver(batch: Batch = aBatch): Promise<void> {
    return this.consumer.handle(batch, this.client);
  }

  get client(): ConsumerClient {
    const query = (statement: unknown): Promise<unknown> => {
      this.statements.push(statement);
      return Promise.resolve({ rows: [] });
    };
    return { query } as unknown as ConsumerClient;
  }
}

export const aBatch: Batch = { topic, partition: 0, facts: [] };

const applications: ServedConsumers<Delivery>[] = [];

/** Ends every application that a test has started. */
export const stopServing = async (): Promise<void> => {
  for (const served of applications.splice(0)) await served.stop();
};

export const declared = (
  controller: Type,
  more: Partial<DeclaredConsumer> = {},
): DeclaredConsumer => ({
  ...{ name: 'counter', topics: [topic], forgets: null, startOnly: null },
  controller,
  ...more,
});

/** Serves these consumers, with what stands in for their runners. */
export const serving = async (
  consumers: readonly DeclaredConsumer[],
  more: Partial<ServeOptions<Delivery>> = {},
): Promise<ServedConsumers<Delivery>> => {
  const served = await serveConsumers({
    consumers,
    run: (consumer) => new Delivery(consumer),
    retryMs: 10,
    ...more,
  });
  applications.push(served);
  await served.start();
  return served;
};

/** Serves one consumer, and gives its runner. */
export const servingOne = async (
  controller: Type,
  more: Partial<ServeOptions<Delivery>> = {},
): Promise<Delivery> => {
  const { consumers } = await serving([declared(controller)], more);
  const run = consumers[0]?.run;
  if (!run) throw new Error('nothing was started');
  return run;
};

/** A controller whose one handler is `work`. */
export const handling = (
  work: (batch: Batch, context: FanoutContext) => unknown,
  consumer = 'counter',
): Type => {
  @Controller()
  class Handler {
    @EventPattern<typeof topic>(topic, { consumer })
    handle(@Payload() batch: Batch, @Ctx() context: FanoutContext): unknown {
      return work(batch, context);
    }
  }
  return Handler;
};
