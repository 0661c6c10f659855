import { type Abstract, Catch, type Provider, type RpcExceptionFilter } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { type Observable, throwError } from 'rxjs';

import type { Consumer, ConsumerClient } from '../consumer.js';
import type { Contract } from '../contract.js';
import { runHandler } from './run-handler.js';

/** What runs a consumer; `ConsumerRunner` is one. */
export interface ConsumerRun {
  /** Resolves when it works, rejects where it must not start. */
  start(): Promise<void>;
  /** Resolves when it ended: with the error where nobody stopped it. */
  readonly ended: Promise<Error | undefined>;
  stop(): Promise<void>;
}

export interface FanoutServerOptions extends Pick<Consumer, 'name' | 'forget'> {
  /** Whose topics handlers may name. */
  readonly contracts: readonly Pick<Contract, 'topic'>[];
  readonly run: (consumer: Consumer) => ConsumerRun;
  /** What a handler may take for one batch, in milliseconds; a minute unless given. */
  readonly handlerTimeoutMs?: number;
}

export type FanoutStatus = 'starting' | 'running' | 'ended';

export interface FanoutEvents extends Record<string, (error?: Error) => void> {
  /** With the error that ended it, where nobody asked it to end. */
  ended: (error?: Error) => void;
}

/** Handlers and contracts do not fit: nothing is started. The message names each that is wrong. */
export class CannotServe extends Error {
  override readonly name = 'CannotServe';
}

const defaultHandlerTimeoutMs = 60_000;

/**
 * The fan-out as a transport of `@nestjs/microservices`: one consumer, whose handlers are Nest
 * controllers with `@EventPattern('<topic>')`. They get the `Batch` as payload and a `FanoutContext`.
 *
 * A batch is handled when the handler's promise, or the Observable that it gives, has ended. What it
 * throws reaches the runner as it was thrown, so that a fault of the store is told from one of the
 * handler. A filter of a controller's own that answers an error with a value calls it handled.
 *
 * Provide it with `fanoutServer`. Not the base class's `handleEvent`: that one resolves for a handler
 * that throws, for one whose Observable errs, and for a topic that nobody handles.
 */
export class FanoutServer
  extends Server<FanoutEvents, FanoutStatus>
  implements CustomTransportStrategy
{
  /** Errors are awaited here: Nest need not write them to its log because nobody else would. */
  override readonly propagatesEventHandlerErrors = true;
  private readonly registered: { readonly pattern: unknown; readonly answers: boolean }[] = [];
  private readonly onEnded: FanoutEvents['ended'][] = [];
  private run: ConsumerRun | undefined;
  private keepsErrors = false;

  constructor(private readonly options: FanoutServerOptions) {
    super();
  }

  override addHandler(
    pattern: unknown,
    callback: MessageHandler,
    isEventHandler = false,
    extras: Record<string, unknown> = {},
  ): void {
    this.registered.push({ pattern, answers: !isEventHandler });
    super.addHandler(pattern, callback, isEventHandler, extras);
  }

  /** Calls back with the error where the consumer cannot start: `CannotServe`, or the runner's. */
  listen(callback: (error?: unknown) => void): void {
    this.start().then(
      () => callback(),
      (error: unknown) => callback(error),
    );
  }

  /** Resolves when the batch in hand is done. */
  async close(): Promise<void> {
    await this.run?.stop();
  }

  on<Event extends keyof FanoutEvents>(_event: Event, callback: FanoutEvents[Event]): void {
    this.onEnded.push(callback);
  }

  /** What runs the consumer. */
  unwrap<T>(): T {
    return this.run as T;
  }

  /** The filter that leaves errors as they are; `listen` refuses to work without it. */
  errorFilter(): OriginalErrors {
    this.keepsErrors = true;
    return new OriginalErrors();
  }

  private async start(): Promise<void> {
    const run = this.options.run(this.consumer());
    this.run = run;
    this._status$.next('starting');
    try {
      await run.start();
    } catch (error) {
      await run.stop();
      throw error;
    }
    this._status$.next('running');
    void run.ended.then((error) => {
      this._status$.next('ended');
      for (const told of this.onEnded) told(error);
    });
  }

  private consumer(): Consumer {
    const problems = this.problems();
    if (problems.length > 0) {
      throw new CannotServe(`consumer ${this.options.name} cannot start: ${problems.join('; ')}`);
    }
    const { name, forget } = this.options;
    return {
      name,
      topics: [...this.messageHandlers.keys()],
      handle: (batch, client) => this.handle(batch.topic, batch, client),
      ...(forget && { forget }),
    };
  }

  private problems(): string[] {
    const topics = this.options.contracts.map(({ topic }) => topic);
    const seen = new Set<unknown>();
    const problems = this.registered.flatMap(({ pattern, answers }) => {
      const shown = typeof pattern === 'string' ? `'${pattern}'` : JSON.stringify(pattern);
      if (answers) {
        return [`@MessagePattern(${shown}) answers, and a fact has nobody who asks: @EventPattern`];
      }
      if (!topics.some((topic) => topic === pattern)) {
        return [`@EventPattern(${shown}) is no topic; known are ${topics.join(', ')}`];
      }
      if (seen.has(pattern)) return [`two handlers for @EventPattern(${shown})`];
      seen.add(pattern);
      return [];
    });
    if (this.registered.length === 0) problems.push('no controller has an @EventPattern');
    if (!this.keepsErrors) {
      problems.push(
        'the filter that keeps errors is missing: provide the server by fanoutServer()',
      );
    }
    return problems;
  }

  private async handle(topic: string, batch: unknown, client: ConsumerClient): Promise<void> {
    const handler = this.messageHandlers.get(topic);
    if (!handler) throw new CannotServe(`nobody handles ${topic}`);
    const { handlerTimeoutMs = defaultHandlerTimeoutMs } = this.options;
    await runHandler(handler, batch, client, handlerTimeoutMs);
  }
}

/** Nest would replace what is no `RpcException` by `{ status: 'error' }`. */
@Catch()
export class OriginalErrors implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/** Providers of a `FanoutServer` and of the filter that it needs, for one module of the application. */
export const fanoutServer = <Dependencies extends readonly unknown[]>(factory: {
  /** The classes of the dependencies. */
  readonly inject: { readonly [K in keyof Dependencies]: Abstract<Dependencies[K]> };
  readonly useFactory: (...dependencies: Dependencies) => FanoutServerOptions;
}): Provider[] => [
  {
    provide: FanoutServer,
    inject: [...factory.inject],
    useFactory: (...dependencies: unknown[]) =>
      new FanoutServer(factory.useFactory(...(dependencies as unknown as Dependencies))),
  },
  {
    provide: APP_FILTER,
    inject: [FanoutServer],
    useFactory: (server: FanoutServer) => server.errorFilter(),
  },
];
