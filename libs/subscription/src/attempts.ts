import type { ReadStore } from '#read-store/read-store.js';

import type { OwnPartition } from './checkpoints.js';
import type { SubscriptionClient } from './follower.js';

/** How often one event may fail, or end the process, before it is parked. */
export const maxAttempts = 5;

type Own = Pick<OwnPartition, 'subscription' | 'scope'>;

/** What is known of an event when it is about to be tried. */
export interface Attempt {
  /** This attempt included. */
  readonly attempts: number;
  /** What the last attempt failed by; null when it was the first, or when the process ended in it. */
  readonly error: string | null;
}

/** Counts an attempt *before* it is made, so that an event that ends the process is counted too. */
export const beginAttempt = async (
  { pool }: ReadStore,
  { subscription, scope }: Own,
  eventId: string,
): Promise<Attempt> => {
  const { rows } = await pool.query<Attempt>(
    `insert into subscription.attempt as a (subscription, scope, event_id, attempts)
     values ($1, $2, $3, 1)
     on conflict (subscription, scope, event_id) do update set attempts = a.attempts + 1
     returning attempts, error`,
    [subscription, scope, eventId],
  );
  return rows[0] ?? { attempts: 1, error: null };
};

/** What the attempt failed by; the next one may end the process, and then this is all that is known. */
export const noteFailure = async (
  { pool }: ReadStore,
  { subscription, scope }: Own,
  eventId: string,
  error: string,
): Promise<void> => {
  await pool.query(
    'update subscription.attempt set error = $4 where subscription = $1 and scope = $2 and event_id = $3',
    [subscription, scope, eventId, error],
  );
};

/** An attempt that was counted and then not made to its end, by no fault of the event. */
export const withdrawAttempt = async (
  { pool }: ReadStore,
  { subscription, scope }: Own,
  eventId: string,
): Promise<void> => {
  await pool.query(
    'update subscription.attempt set attempts = attempts - 1 where subscription = $1 and scope = $2 and event_id = $3',
    [subscription, scope, eventId],
  );
};

/** Progress clears what was counted. */
export const clearAttempts = async (
  client: SubscriptionClient,
  { subscription, scope }: Own,
  eventIds: readonly string[],
): Promise<void> => {
  await client.query(
    'delete from subscription.attempt where subscription = $1 and scope = $2 and event_id = any($3::uuid[])',
    [subscription, scope, eventIds],
  );
};
