import { formatPosition } from '#event-log/position.js';
import { Refusal } from '#kernel/refusal.js';
import { positionOf, type PositionRow } from '#read-store/position-columns.js';
import type { ReadStore } from '#read-store/read-store.js';

import type { ParkedFacts } from './control/events.js';

/** An event that a subscription could not handle, or that waits behind one. */
export interface ParkedEvent {
  /** 64-bit, hence text. */
  readonly id: string;
  readonly subscription: string;
  /** A build of a projection, a topic, or `log`. */
  readonly scope: string;
  readonly eventId: string;
  /** The stream, as far as the record names one. */
  readonly stream: string;
  /** Null where the record is undecodable, as are the next two. */
  readonly type: string | null;
  readonly revision: string | null;
  readonly position: string | null;
  readonly attempts: number;
  /** Null for one that waits behind an earlier event of its stream. */
  readonly error: string | null;
  readonly parkedAt: Date;
}

export interface ParkedQuery {
  readonly subscription?: string | undefined;
  /** Id of the last one of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

interface ParkedRow extends PositionRow, Omit<ParkedEvent, 'position'> {}

const columns = `id, subscription, scope, event_id as "eventId", key as stream, type,
  revision::text as revision, commit_position, prepare_position, attempts, error,
  parked_at as "parkedAt"`;

/** Parked events, oldest first. */
export const listParked = async (
  { pool }: ReadStore,
  { subscription, after, limit }: ParkedQuery,
): Promise<ParkedEvent[]> => {
  const { rows } = await pool.query<ParkedRow>(
    `select ${columns} from subscription.parked
      where ($1::text is null or subscription = $1) and id > $2
      order by id limit $3`,
    [subscription ?? null, after ?? '0', limit],
  );
  return rows.map(shown);
};

/** Throws a `Refusal` (`PARKED_NOT_FOUND`). */
export const findParked = async ({ pool }: ReadStore, id: string): Promise<ParkedEvent> => {
  const isId = /^\d{1,18}$/.test(id);
  const { rows } = await pool.query<ParkedRow>(
    `select ${columns} from subscription.parked where id = $1`,
    [isId ? id : '0'],
  );
  const [row] = rows;
  if (row) return shown(row);
  throw new Refusal('PARKED_NOT_FOUND', 'not-found', `no event is parked with id ${id}`);
};

const shown = (row: ParkedRow): ParkedEvent => {
  const { commit_position: _, prepare_position: __, ...rest } = row;
  const position = positionOf(row);
  return { ...rest, position: position ? formatPosition(position) : null };
};

/** What a command about a parked event names it by. */
export const factsOf = ({ scope, stream, eventId, type, error }: ParkedEvent): ParkedFacts => ({
  ...{ scope, key: stream, eventId, type, error },
});
