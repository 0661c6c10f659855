import type { MessageHandler } from '@nestjs/microservices';
import {
  defer,
  from,
  ignoreElements,
  isObservable,
  lastValueFrom,
  mergeMap,
  of,
  timeout,
} from 'rxjs';

import type { ConsumerClient } from '../consumer.js';
import { FanoutContext } from './fanout-context.js';

/** The handler did not end in time. Its transaction is rolled back, and it counts as a failed attempt. */
export class HandlerTimedOut extends Error {
  override readonly name = 'HandlerTimedOut';
}

/**
 * Calls a handler of Nest's with a batch and awaits its end: of its promise, and of the Observable
 * that this gives. Rejects with what it threw, and with `HandlerTimedOut`.
 */
export const runHandler = async (
  handler: MessageHandler,
  batch: unknown,
  client: ConsumerClient,
  timeoutMs: number,
): Promise<void> => {
  const scope = new ClientScope(client);
  const ended$ = defer(() => from(handler(batch, new FanoutContext([scope.client])))).pipe(
    mergeMap((result: unknown) => (isObservable(result) ? result : of(result))),
    ignoreElements(),
    timeout({
      first: timeoutMs,
      with: () => {
        throw new HandlerTimedOut(`the handler has not ended within ${String(timeoutMs)} ms`);
      },
    }),
  );
  try {
    await lastValueFrom(ended$, { defaultValue: undefined });
  } catch (thrown) {
    throw thrown instanceof Error ? thrown : errorOf(thrown);
  } finally {
    scope.end();
  }
};

/** Lends a transaction's client: who still holds it afterwards would write into another one. */
class ClientScope {
  private ended = false;
  readonly client: ConsumerClient;

  constructor(client: ConsumerClient) {
    const query = (...call: unknown[]): unknown => {
      if (this.ended) throw new Error('the handler has ended, and its transaction with it');
      return Reflect.apply(client.query, client, call);
    };
    this.client = { query: query as ConsumerClient['query'] };
  }

  end(): void {
    this.ended = true;
  }
}

/** What is thrown in place of an error: by a handler, or by Nest in place of the handler's own. */
const errorOf = (thrown: unknown): Error => {
  const text = typeof thrown === 'string' ? thrown : JSON.stringify(thrown);
  return new Error(
    `the handler failed with ${text}, which is no Error: ` +
      'a filter of the application may have replaced what was thrown',
    { cause: thrown },
  );
};
