import { Catch, Module, type RpcExceptionFilter } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { type Observable, throwError } from 'rxjs';

import { type KeepOptions, KeptRunning, type Run } from '#subscription/kept-running.js';
import { resetFromStartOnly } from '#subscription/known-subscriptions.js';

import type { Batch, Consumer, ConsumerClient } from '../consumer.js';
import type { DeclaredConsumer } from './declared-consumer.js';
import { runHandler } from './run-handler.js';

export interface ServeOptions<R extends Run> extends KeepOptions {
  readonly run: (consumer: Consumer) => R;
  readonly consumers: readonly DeclaredConsumer[];
  /** What a handler may take for one batch, in milliseconds, unless its consumer says it; a minute unless given. */
  readonly handlerTimeoutMs?: number;
}

export interface ServedConsumers<R extends Run> {
  readonly consumers: readonly KeptRunning<R>[];
  /** Resolves when each consumer runs or has failed once; rejects with `CannotServe`. */
  start(): Promise<void>;
  /** Resolves when the batches in hand are done. */
  stop(): Promise<void>;
}

/** Handlers and consumers do not fit: nothing is started. The message names each that is wrong. */
export class CannotServe extends Error {
  override readonly name = 'CannotServe';
}

const defaultHandlerTimeoutMs = 60_000;

/**
 * Serves consumers whose handlers are Nest controllers with `@EventPattern('<topic>', { consumer })`.
 * They get the `Batch` as payload and a `FanoutContext`.
 *
 * A batch is handled when the handler's promise, or the Observable that it gives, has ended. What it
 * throws reaches the runner as it was thrown, so that a fault of the store is distinguished from one of the
 * handler. A filter of a controller's own that answers an error with a value calls it handled.
 */
export const serveConsumers = async <R extends Run>(
  options: ServeOptions<R>,
): Promise<ServedConsumers<R>> => {
  const strategy = new FanoutServer(options);
  const controllers = options.consumers.map(({ controller }) => controller);
  const app = await NestFactory.createMicroservice(
    { module: ConsumersModule, controllers },
    { strategy, logger: false, abortOnError: false },
  );
  app.useGlobalFilters(new OriginalErrors());
  return {
    consumers: strategy.served,
    start: async () => {
      await app.listen();
    },
    stop: () => app.close(),
  };
};

@Module({})
class ConsumersModule {}

/** Nest would replace what is no `RpcException` by `{ status: 'error' }`. */
@Catch()
class OriginalErrors implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

interface Handler {
  readonly pattern: unknown;
  readonly consumer: unknown;
  readonly answers: boolean;
  readonly callback: MessageHandler;
}

/**
 * The fan-out as a transport of `@nestjs/microservices`. Handlers are kept by consumer and topic: the base
 * class would call every handler of a topic for each batch, and resolve where one of them fails.
 */
class FanoutServer<R extends Run>
  extends Server<Record<string, never>>
  implements CustomTransportStrategy
{
  /** Errors are awaited here: Nest need not write them to its log because nobody else would. */
  override readonly propagatesEventHandlerErrors = true;
  readonly served: readonly KeptRunning<R>[];
  private readonly handlers: Handler[] = [];

  constructor(private readonly options: ServeOptions<R>) {
    super();
    this.served = options.consumers.map((declared) => {
      const consumer = this.consumerOf(declared);
      return new KeptRunning(declared.name, () => options.run(consumer), options);
    });
  }

  override addHandler(
    pattern: unknown,
    callback: MessageHandler,
    isEventHandler = false,
    extras: Record<string, unknown> = {},
  ): void {
    const { consumer } = extras;
    this.handlers.push({ pattern, consumer, answers: !isEventHandler, callback });
  }

  listen(callback: (error?: unknown) => void): void {
    const problems = [...this.handlerProblems(), ...this.consumerProblems()];
    if (problems.length > 0) callback(new CannotServe(problems.join('; ')));
    else void Promise.all(this.served.map((each) => each.start())).then(() => callback());
  }

  async close(): Promise<void> {
    await Promise.all(this.served.map((each) => each.stop()));
  }

  /** There are no events: `onFailure` gets the failures of consumers. */
  on(): void {
    throw new Error('consumers have no events');
  }

  unwrap<T>(): T {
    return this.served as T;
  }

  private consumerOf(declared: DeclaredConsumer): Consumer {
    const { name, topics, forget, startOnly } = declared;
    return {
      name,
      topics,
      handle: (batch, client) => this.handle(declared, batch, client),
      forget: async (after, client) => {
        if (after && startOnly !== null) throw resetFromStartOnly(name, startOnly);
        await forget?.(after, client);
      },
    };
  }

  private async handle(
    { name, handlerTimeoutMs }: DeclaredConsumer,
    batch: Batch,
    client: ConsumerClient,
  ): Promise<void> {
    const handler = this.handlersOf(name, batch.topic)[0];
    if (!handler) throw new CannotServe(`${name} has no handler for ${batch.topic}`);
    const usual = this.options.handlerTimeoutMs ?? defaultHandlerTimeoutMs;
    await runHandler(handler.callback, batch, client, handlerTimeoutMs ?? usual);
  }

  private handlersOf(name: string, topic: string): Handler[] {
    return this.handlers.filter(({ consumer, pattern }) => consumer === name && pattern === topic);
  }

  private handlerProblems(): string[] {
    const { consumers } = this.options;
    return this.handlers.flatMap(({ pattern, consumer, answers }) => {
      const shown = typeof pattern === 'string' ? `'${pattern}'` : JSON.stringify(pattern);
      if (answers) {
        return [`@MessagePattern(${shown}) answers, and a fact has nobody who asks: @EventPattern`];
      }
      const own = consumers.find(({ name }) => name === consumer);
      if (!own) {
        const names = consumers.map(({ name }) => name).join(', ');
        return [`@EventPattern(${shown}) names no consumer as { consumer }; known are ${names}`];
      }
      const isOwn = own.topics.some((topic) => topic === pattern);
      return isOwn ? [] : [`@EventPattern(${shown}) is no topic of ${own.name}`];
    });
  }

  private consumerProblems(): string[] {
    const names = new Set<string>();
    return this.options.consumers.flatMap(({ name, topics }) => {
      if (names.has(name)) return [`two consumers are named ${name}`];
      names.add(name);
      return topics.flatMap((topic) => {
        const { length } = this.handlersOf(name, topic);
        return length === 1 ? [] : [`${name} has ${String(length)} handlers for ${topic}, not one`];
      });
    });
  }
}
