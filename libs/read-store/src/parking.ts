import type { StoredEvent } from '#event-log/event-log.js';

import type { Target } from './builds.js';
import type { ProjectionClient } from './projection.js';

/** Streams of which an event is parked: their later events have to wait behind it. */
export const parkedStreams = async (
  client: ProjectionClient,
  { projection, build }: Target,
): Promise<ReadonlySet<string>> => {
  const { rows } = await client.query<{ stream: string }>(
    'select distinct stream from read_store.parked where projection = $1 and build = $2',
    [projection.name, build],
  );
  return new Set(rows.map(({ stream }) => stream));
};

/** Which of `events` an operator gave up: no build applies them, whether or not it could by now. */
export const discardedEvents = async (
  client: ProjectionClient,
  { projection }: Pick<Target, 'projection'>,
  events: readonly string[],
): Promise<ReadonlySet<string>> => {
  const { rows } = await client.query<{ event_id: string }>(
    'select event_id from read_store.discarded where projection = $1 and event_id = any($2::uuid[])',
    [projection.name, events],
  );
  return new Set(rows.map(({ event_id: id }) => id));
};

/** Parks an event with what it fails by. */
export const park = async (
  client: ProjectionClient,
  target: Target,
  event: StoredEvent,
  failure: { readonly attempts: number; readonly error: string },
): Promise<void> => {
  await insertParked(client, target, [event], failure.attempts, failure.error);
};

/** Parks events that wait behind an earlier one of their stream. */
export const parkBehind = async (
  client: ProjectionClient,
  target: Target,
  events: readonly StoredEvent[],
): Promise<void> => {
  await insertParked(client, target, events, 0, null);
};

const insertParked = async (
  client: ProjectionClient,
  { projection, build }: Target,
  events: readonly StoredEvent[],
  attempts: number,
  error: string | null,
): Promise<void> => {
  await client.query(
    `with added as (
       insert into read_store.parked
         (projection, build, event_id, stream, revision, type, commit_position, prepare_position, attempts, error)
       select $1, $2, e.*, $9::integer, $10::text
         from unnest($3::uuid[], $4::text[], $5::numeric[], $6::text[], $7::numeric[], $8::numeric[]) as e
       on conflict (projection, build, event_id) do nothing
       returning 1
     )
     update read_store.build set parked = parked + (select count(*) from added)
      where projection = $1 and build = $2`,
    [
      projection.name,
      build,
      events.map(({ id }) => id),
      events.map(({ stream }) => stream),
      events.map(({ revision }) => revision.toString()),
      events.map(({ type }) => type),
      events.map(({ position }) => position.commit.toString()),
      events.map(({ position }) => position.prepare.toString()),
      attempts,
      error,
    ],
  );
};

/** What an event fails by, as it is kept and shown: no stack, and not endless. */
export const describeError = (error: unknown): string => {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  // Postgres takes no NUL in text.
  return text.replaceAll('\0', '').slice(0, 2_000);
};
