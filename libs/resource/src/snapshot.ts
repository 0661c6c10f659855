import type pg from 'pg';

import { Refusal } from '#kernel/refusal.js';

import type { Queryable } from './sql.js';

/** How long a caller may take between two chunks of an answer before the server ends the snapshot. */
const slowReader = '5min';

const open = new WeakMap<object, number>();

/**
 * What `read` yields, all of it as of one moment: a row that is changed meanwhile is neither lost nor
 * given twice. It holds a connection until it is read to its end or returned; at most half of the pool's
 * serve this.
 *
 * Throws a `Refusal` (`EXPORTS_BUSY`, too-many) when as many are open already.
 */
export async function* fromSnapshot<T>(
  pool: Pick<pg.Pool, 'connect' | 'options'>,
  read: (client: Queryable) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const others = open.get(pool) ?? 0;
  const most = Math.max(1, Math.floor(pool.options.max / 2));
  if (others >= most) {
    throw new Refusal('EXPORTS_BUSY', 'too-many', `${String(others)} exports are under way`, {
      retryAfterSeconds: 5,
    });
  }
  open.set(pool, others + 1);
  try {
    yield* inTransaction(await pool.connect(), read);
  } finally {
    open.set(pool, (open.get(pool) ?? 1) - 1);
  }
}

async function* inTransaction<T>(
  client: pg.PoolClient,
  read: (client: Queryable) => AsyncIterable<T>,
): AsyncGenerator<T> {
  let isDone = false;
  try {
    await client.query(
      `begin isolation level repeatable read read only;
       set local idle_in_transaction_session_timeout to '${slowReader}'`,
    );
    yield* read(client);
    await client.query('commit');
    isDone = true;
  } finally {
    // Where it failed, or the caller went away, the connection ends, and its snapshot with it.
    client.release(!isDone);
  }
}
