import type { StoredEvent } from '#event-log/event-log.js';

import type { Target } from './builds.js';
import type { ProjectionClient } from './projection.js';
import type { ReadStore } from './read-store.js';

/** How often one event may fail, or end the process, before it is parked. */
export const maxAttempts = 5;

/** What is known of an event when it is about to be tried. */
export interface Attempt {
  /** This attempt included. */
  readonly attempts: number;
  /** What the last attempt failed by; null when it was the first, or when the process ended in it. */
  readonly error: string | null;
  /** An operator gave the event up. */
  readonly discarded: boolean;
}

/** Counts an attempt *before* it is made, so that an event that ends the process is counted too. */
export const beginAttempt = async (
  store: ReadStore,
  { projection, build }: Target,
  event: StoredEvent,
): Promise<Attempt> => {
  const { rows } = await store.pool.query<Attempt>(
    `insert into read_store.attempt as a (projection, build, event_id, attempts)
     values ($1, $2, $3, 1)
     on conflict (projection, build, event_id) do update set attempts = a.attempts + 1
     returning attempts, error,
       exists (select from read_store.discarded d
                where d.projection = $1 and d.event_id = $3) as discarded`,
    [projection.name, build, event.id],
  );
  return rows[0] ?? { attempts: 1, error: null, discarded: false };
};

/** What the attempt failed by; the next one may end the process, and then this is all that is known. */
export const noteFailure = async (
  store: ReadStore,
  { projection, build }: Target,
  event: StoredEvent,
  error: string,
): Promise<void> => {
  await store.pool.query(
    'update read_store.attempt set error = $4 where projection = $1 and build = $2 and event_id = $3',
    [projection.name, build, event.id, error],
  );
};

/** Progress clears what was counted. */
export const clearAttempts = async (
  client: ProjectionClient,
  { projection, build }: Target,
  event: StoredEvent,
): Promise<void> => {
  await client.query(
    'delete from read_store.attempt where projection = $1 and build = $2 and event_id = $3',
    [projection.name, build, event.id],
  );
};
