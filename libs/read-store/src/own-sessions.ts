import { setTimeout as sleep } from 'node:timers/promises';

import { AuthenticatedClient } from '#embedded/authenticated-client.js';

import { connectionOf } from './read-store.js';
import { isStoreFault } from './store-errors.js';

const retryMs = 1_000;
/** A value, in milliseconds, that no server has by itself. */
const unusualMs = 86_399_973;

/** Between this process and PostgreSQL stands something that does not hand on what a session asks for. */
export class PoolerInBetween extends Error {
  override readonly name = 'PoolerInBetween';
  constructor(what: string) {
    super(
      `DATABASE_URL leads to a connection pooler that ${what}. Locks and limits of sessions do not hold ` +
        'behind it: give the URL of PostgreSQL itself, with the pooler left out',
    );
  }
}

/**
 * Resolves when a session has the settings that it requested at its start, as one with PostgreSQL itself has. Waits
 * for a store that does not answer. What else is wrong with the store is left to whoever uses it.
 *
 * Rejects with `PoolerInBetween`.
 */
export const requireOwnSessions = async (url: string): Promise<void> => {
  for (;;) {
    try {
      const found = await settingOf(url);
      if (found === String(unusualMs)) return;
      throw new PoolerInBetween('drops start-up parameters');
    } catch (error) {
      if (error instanceof PoolerInBetween) throw error;
      if (isRefusal(error)) throw new PoolerInBetween(`refuses them (${error.message})`);
      if (!isStoreFault(error)) return;
      await sleep(retryMs, undefined, { ref: false });
    }
  }
};

const settingOf = async (url: string): Promise<string | undefined> => {
  const client = new AuthenticatedClient({
    ...connectionOf(url),
    idle_in_transaction_session_timeout: unusualMs,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ setting: string }>(
      `select setting from pg_settings where name = 'idle_in_transaction_session_timeout'`,
    );
    return rows[0]?.setting;
  } finally {
    await client.end().catch(() => undefined);
  }
};

/** PgBouncer sends nearly every error with the code 08P01, outages too: the text distinguishes them. */
const isRefusal = (error: unknown): error is Error =>
  error instanceof Error && /unsupported startup parameter/i.test(error.message);
