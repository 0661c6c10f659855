import type { StoredEvent } from '#event-log/event-log.js';
import { libraryTypes, type Reading } from '#event-log/reading.js';

import type { SubscriptionClient } from '../follower.js';

/** The client of the batch's transaction. Its `search_path` is the schema of the build, then `public`. */
export type ProjectionClient = SubscriptionClient;

/**
 * A read model: its tables and what each event changes in them.
 *
 * The runner hands over batches. `load` reads the rows that a batch touches into a working set, the
 * functions of `on` change it in memory in the order of the log, `save` writes it back. All three
 * happen in the transaction that moves the checkpoint. None of them refuses an event, calls out,
 * or reads a clock or a random number: the same events always give the same rows.
 */
export interface Projection<W = unknown> {
  /** kebab-case and permanent: the name of the checkpoint, and in snake_case of the schemas. */
  readonly name: string;
  /** Raised with each change of the tables or of what an event means to them. */
  readonly version: number;
  /**
   * The files whose content decides what the rows are, as `new URL('./x.js', import.meta.url)`:
   * `table.sql`, the projector and every file of its own that it imports. A change of any of them
   * under an unchanged `version` keeps the projector from starting.
   */
  readonly sources: readonly URL[];
  /**
   * Sources whose hash is `hash` make the rows that those of the hashes `as` made: installations that hold one of
   * these keep their tables. For a change that leaves the rows as they were; it goes with the next version.
   */
  readonly sameRows?: { readonly hash: string; readonly as: readonly string[] };
  /** The text of `table.sql`: unqualified names, created in the schema of each build. */
  readonly tables: string;
  /**
   * The categories that it follows: their events are read in their newest shape, and one of a type
   * that this version does not know stops the projection. Other streams are passed over. Absent only
   * where `on` names nothing but `*`: events come as they were stored.
   */
  readonly reading?: Reading;
  /**
   * Event type (newest shape, or a library's) to its change of the working set. `*` stands for every
   * event of the log; without it types that are not named are passed over.
   */
  readonly on: Readonly<Record<string, (work: W, event: StoredEvent) => void>>;
  /** One or few statements for the whole batch. `events` are those that `on` knows, in log order, newest shape. */
  load(client: ProjectionClient, events: readonly StoredEvent[]): Promise<W>;
  /** Multi-row statements; called once per batch. */
  save(client: ProjectionClient, work: W): Promise<void>;
  /**
   * `stream` (the default): an event that cannot be applied is parked with the later ones of its
   * stream, and the others go on. `global`: the projection stops there.
   */
  readonly order?: 'stream' | 'global';
}

/**
 * The event as the projection reads it; undefined where it passes it over. Throws `UnknownEventType`
 * for a type of its categories that this version does not know.
 */
export const readBy = (
  { on, reading }: Pick<Projection, 'on' | 'reading'>,
  stored: StoredEvent,
): StoredEvent | undefined => {
  const event = reading?.newest(stored) ?? stored;
  if (Object.hasOwn(on, '*')) return event;
  const isFollowed = libraryTypes.has(event.type) || reading?.follows(event.stream);
  return isFollowed && Object.hasOwn(on, event.type) ? event : undefined;
};

/** What an event changes that `readBy` gave. */
export const changeOf = (
  { on }: Projection,
  { type }: StoredEvent,
): ((work: unknown, event: StoredEvent) => void) | undefined =>
  Object.hasOwn(on, type) ? on[type] : on['*'];

/** Checks the shape of `projection` and forgets the type of its working set, so that it fits a list. */
export const defineProjection = <W>(projection: Projection<W>): Projection => {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(projection.name) || projection.name.length > 40) {
    throw new Error(`"${projection.name}" is no kebab-case name of at most 40 characters`);
  }
  if (!Number.isSafeInteger(projection.version) || projection.version < 1) {
    throw new Error(`the version of ${projection.name} must be a whole number from 1 on`);
  }
  const strange = Object.keys(projection.on).find(
    (type) => type !== '*' && !libraryTypes.has(type) && !projection.reading?.has(type),
  );
  if (strange !== undefined) {
    throw new Error(`${projection.name} names ${strange}, which none of its categories has`);
  }
  return projection as unknown as Projection;
};
