import pg from 'pg';

import { AuthenticatedClient } from '#embedded/authenticated-client.js';

import { isStoreFault } from './store-errors.js';

/** Where the read store logs; a pino logger fits. */
export interface StoreLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ReadStoreOptions {
  readonly logger?: StoreLogger;
  /** Connections of the pool. */
  readonly maxConnections?: number;
  /** What a statement may take before the server ends it, in milliseconds. */
  readonly statementTimeoutMs?: number;
  /** How the connections name themselves in `pg_stat_activity`. */
  readonly applicationName?: string;
}

export const silent: StoreLogger = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A statement failed, and what sent it went on as if it had not: nothing was written. */
export class RolledBack extends Error {
  override readonly name = 'RolledBack';
  constructor() {
    super('a statement of the transaction failed: it was rolled back');
  }
}

/** How long a transaction may stand idle: a frozen process must not hold a checkpoint for longer. */
export const idleInTransactionMs = 10_000;

/** The Postgres database of the read models. One per process; owns the only pool. */
export class ReadStore {
  readonly pool: pg.Pool;
  readonly logger: StoreLogger;

  constructor(
    readonly url: string,
    options: ReadStoreOptions = {},
  ) {
    this.logger = options.logger ?? silent;
    this.pool = new pg.Pool({
      ...connectionOf(url, options),
      Client: AuthenticatedClient,
      max: options.maxConnections ?? 10,
      // Dead connections are not found out by holding them.
      min: 0,
      idleTimeoutMillis: 30_000,
      maxLifetimeSeconds: 3_600,
    });
    // Without listeners the loss of a connection would end the process. One that is lost in use fails
    // its statement: there is nothing to add.
    this.pool.on('connect', (client) => client.on('error', () => undefined));
    this.pool.on('error', (error) => {
      this.logger.warn({ err: error }, 'an idle connection to Postgres was lost');
    });
  }

  /**
   * Runs `work` in a transaction of its own. Rolls back and rethrows what it throws. `setUp` is SQL
   * that is sent along with `begin`.
   */
  async transaction<T>(work: (client: pg.PoolClient) => Promise<T>, setUp = ''): Promise<T> {
    const client = await this.pool.connect();
    let broken = false;
    try {
      await client.query(`begin; ${setUp}`);
      const result = await work(client);
      const { command } = await client.query('commit');
      // Where a statement failed and `work` went on, the server answers so, and no error.
      if (command === 'ROLLBACK') throw new RolledBack();
      return result;
    } catch (error) {
      // A connection that failed, or still waits for an answer, is not worth a rollback.
      broken = isStoreFault(error) || (await rollBack(client));
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}

/** True when the connection cannot be used any more. */
const rollBack = async (client: pg.PoolClient): Promise<boolean> =>
  client.query('rollback').then(
    () => false,
    () => true,
  );

/** Settings that every connection to the read store has, whether of the pool or not. */
export const connectionOf = (url: string, options: ReadStoreOptions = {}): pg.ClientConfig => ({
  connectionString: url,
  application_name: options.applicationName ?? 'voltrace',
  connectionTimeoutMillis: 5_000,
  statement_timeout: options.statementTimeoutMs ?? 30_000,
  // A server that is gone does not end its statements: the client gives up a little later.
  query_timeout: (options.statementTimeoutMs ?? 30_000) + 5_000,
  idle_in_transaction_session_timeout: idleInTransactionMs,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
});
