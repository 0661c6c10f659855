import { formatPosition } from '#event-log/position.js';
import { Refusal } from '#kernel/refusal.js';
import { positionOf, type PositionRow } from '#read-store/position-columns.js';
import type { ReadStore } from '#read-store/read-store.js';

import type { ParkedResponse } from './bodies.http.js';
import type { ParkedFacts } from './control/events.js';

export interface ParkedQuery {
  readonly subscription?: string | undefined;
  /** Id of the last one of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

interface ParkedRow extends PositionRow, Omit<ParkedResponse, 'position' | 'parkedAt'> {
  readonly parkedAt: Date;
}

const columns = `id, subscription, scope, event_id as "eventId", key as stream, type,
  revision::text as revision, commit_position, prepare_position, attempts, error,
  parked_at as "parkedAt"`;

/** Parked events, oldest first. */
export const listParked = async (
  { pool }: ReadStore,
  { subscription, after, limit }: ParkedQuery,
): Promise<ParkedResponse[]> => {
  const { rows } = await pool.query<ParkedRow>(
    `select ${columns} from subscription.parked
      where ($1::text is null or subscription = $1) and id > $2
      order by id limit $3`,
    [subscription ?? null, after ?? '0', limit],
  );
  return rows.map(shown);
};

/** Throws a `Refusal` (`PARKED_NOT_FOUND`). */
export const findParked = async ({ pool }: ReadStore, id: string): Promise<ParkedResponse> => {
  const isId = /^\d{1,18}$/.test(id);
  const { rows } = await pool.query<ParkedRow>(
    `select ${columns} from subscription.parked where id = $1`,
    [isId ? id : '0'],
  );
  const [row] = rows;
  if (row) return shown(row);
  throw new Refusal('PARKED_NOT_FOUND', 'not-found', `no event is parked with id ${id}`);
};

const shown = (row: ParkedRow): ParkedResponse => {
  const { commit_position: _, prepare_position: __, parkedAt, ...rest } = row;
  const position = positionOf(row);
  return {
    ...rest,
    position: position ? formatPosition(position) : null,
    parkedAt: parkedAt.toISOString(),
  };
};

/** So much of the key of a record that is undecodable: it may be longer than an event of the log can be. */
const keyLength = 200;

/** What a command about a parked event names it by. */
export const factsOf = ({ scope, stream, eventId, type, error }: ParkedResponse): ParkedFacts => ({
  ...{ scope, eventId, type, error },
  key: type === null ? stream.slice(0, keyLength) : stream,
});
