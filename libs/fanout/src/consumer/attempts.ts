import type { ReadStore } from '#read-store/read-store.js';

import type { ConsumerClient } from '../consumer.js';

/** What is known of a fact when it is about to be tried. */
export interface Attempt {
  /** This attempt included. */
  readonly attempts: number;
  /** What the last attempt failed by; null when it was the first, or when the process ended in it. */
  readonly error: string | null;
}

/** Counts an attempt *before* it is made, so that a fact that ends the process is counted too. */
export const beginAttempt = async (
  { pool }: ReadStore,
  consumer: string,
  factId: string,
): Promise<Attempt> => {
  const { rows } = await pool.query<Attempt>(
    `insert into fanout.attempt as a (consumer, fact_id, attempts) values ($1, $2, 1)
     on conflict (consumer, fact_id) do update set attempts = a.attempts + 1
     returning attempts, error`,
    [consumer, factId],
  );
  return rows[0] ?? { attempts: 1, error: null };
};

/** What the attempt failed by; the next one may end the process, and then this is all that is known. */
export const noteFailure = async (
  { pool }: ReadStore,
  consumer: string,
  factId: string,
  error: string,
): Promise<void> => {
  await pool.query('update fanout.attempt set error = $3 where consumer = $1 and fact_id = $2', [
    consumer,
    factId,
    error,
  ]);
};

/** Progress clears what was counted. */
export const clearAttempts = async (
  client: ConsumerClient,
  consumer: string,
  factIds: readonly string[],
): Promise<void> => {
  await client.query(
    'delete from fanout.attempt where consumer = $1 and fact_id = any($2::uuid[])',
    [consumer, factIds],
  );
};
