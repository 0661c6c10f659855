import { idleInTransactionMs } from '#read-store/read-store.js';

import type { SubscriptionClient } from './follower.js';

/** The handler let its transaction stand idle until the server ended it: its fault, not the store's. */
export class HandlerTooSlow extends Error {
  override readonly name = 'HandlerTooSlow';
  constructor() {
    super(
      `the handler made no statement for ${String(idleInTransactionMs / 1_000)} s: ` +
        'the server ends transactions that stand idle for so long',
    );
  }
}

/** A statement of the handler ran into its time limit: its fault, as far as anybody can tell. */
export class StatementTooSlow extends Error {
  override readonly name = 'StatementTooSlow';
  constructor(cause: unknown) {
    const text = cause instanceof Error ? cause.message : String(cause);
    super(`a statement of the handler took too long: ${text}`, { cause });
  }
}

/** query_canceled, and the client's own message when the server sends none. */
export const isTimeOut = (error: unknown): boolean =>
  error instanceof Error &&
  (('code' in error && error.code === '57014') || /^query read timeout$/i.test(error.message));

/** A client that knows how long its transaction stood idle. */
export class WatchedClient {
  private since = performance.now();
  private open = 0;
  readonly client: SubscriptionClient;

  constructor(client: SubscriptionClient) {
    const query = (...call: unknown[]): unknown => {
      this.assertAlive();
      this.open += 1;
      const result = Reflect.apply(client.query, client, call) as unknown;
      if (result instanceof Promise) result.then(this.answered, this.answered);
      else this.answered();
      return result;
    };
    this.client = { query: query as SubscriptionClient['query'] };
  }

  /** Throws `HandlerTooSlow` when the server has ended the transaction by now. */
  assertAlive(): void {
    const idle = this.open === 0 && performance.now() - this.since >= idleInTransactionMs;
    if (idle) throw new HandlerTooSlow();
  }

  private readonly answered = (): void => {
    this.open -= 1;
    this.since = performance.now();
  };
}
