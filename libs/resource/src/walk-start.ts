import { Refusal } from '#kernel/refusal.js';

import type { Queryable } from './sql.js';

/** The moment at which a walk over pages began, by the moves that had happened by then. */
export interface WalkStart {
  /** Which table of moves it was: a rebuilt model has another one, which says nothing of the moment. */
  readonly journal: string;
  /** The number of the last move before it. */
  readonly move: string;
}

/** Its columns as SQL, of the moment of the statement that it stands in. */
export const lastMove = (table: string): string =>
  `'${table}'::regclass::oid::text as journal,
   (select coalesce(max(move), 0) from ${table})::text as move`;

interface Kept extends WalkStart {
  /** The number before the oldest move that is kept. */
  readonly before: string;
}

/** What is kept of the moves now: also the start of a walk whose first page is read after this. */
export const journalNow = async (pool: Queryable, table: string): Promise<Kept> => {
  const { rows } = await pool.query<Kept>(
    `select ${lastMove(table)},
            (select coalesce(min(move) - 1, 0) from ${table})::text as before`,
  );
  const [kept] = rows;
  if (!kept) throw new Error(`a selection without a table gave no row`);
  return kept;
};

/**
 * Throws a `Refusal` (`CURSOR_EXPIRED`) where moves since `start` are not known any more. To be called
 * after the page was read: what is kept now was kept then.
 */
export const assertKept = async (
  pool: Queryable,
  table: string,
  start: WalkStart,
): Promise<void> => {
  const { journal, move, before } = await journalNow(pool, table);
  const at = BigInt(start.move);
  if (journal === start.journal && at >= BigInt(before) && at <= BigInt(move)) return;
  const reason =
    'too much has changed since its first page, or the list was rebuilt: begin again, without a cursor';
  throw new Refusal(
    'CURSOR_EXPIRED',
    'invalid',
    'the walk that the cursor belongs to cannot go on',
    { errors: [{ pointer: '?cursor', reason }] },
  );
};
