import { formatPosition } from '#event-log/position.js';
import { Refusal } from '#kernel/refusal.js';
import { positionOf, type PositionRow } from '#read-store/builds.js';
import type { ReadStore } from '#read-store/read-store.js';

/** A record that a consumer could not handle, or that waits behind one. */
export interface DeadLetter {
  /** 64-bit, hence text; `voltrace_dead_id` on the dead topic. */
  readonly id: string;
  readonly consumer: string;
  readonly topic: string;
  readonly partition: number;
  /** On the log transport the commit position. */
  readonly offset: string;
  readonly factId: string;
  /** The stream, as far as the record says one. */
  readonly key: string;
  /** Null where the record is no fact, as are the next two. */
  readonly type: string | null;
  readonly revision: string | null;
  readonly position: string | null;
  readonly attempts: number;
  /** Null for one that waits behind an earlier fact of its key. */
  readonly error: string | null;
  readonly deadAt: Date;
}

export interface DeadLetterQuery {
  readonly consumer?: string | undefined;
  /** Id of the last one of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

interface DeadRow extends PositionRow, Omit<DeadLetter, 'position'> {}

const columns = `id, consumer, topic, partition, record_offset::text as offset, fact_id as "factId", key,
  type, revision::text as revision, commit_position, prepare_position, attempts, error, dead_at as "deadAt"`;

/** Dead letters, oldest first. */
export const listDeadLetters = async (
  { pool }: ReadStore,
  { consumer, after, limit }: DeadLetterQuery,
): Promise<DeadLetter[]> => {
  const { rows } = await pool.query<DeadRow>(
    `select ${columns} from fanout.dead_letter
      where ($1::text is null or consumer = $1) and id > $2
      order by id limit $3`,
    [consumer ?? null, after ?? '0', limit],
  );
  return rows.map(shown);
};

/** Throws a `Refusal` (`DEAD_LETTER_NOT_FOUND`). */
export const findDeadLetter = async (
  { pool }: ReadStore,
  consumer: string,
  id: string,
): Promise<DeadLetter> => {
  const isId = /^\d{1,18}$/.test(id);
  const { rows } = await pool.query<DeadRow>(
    `select ${columns} from fanout.dead_letter where id = $1 and consumer = $2`,
    [isId ? id : '0', consumer],
  );
  const [row] = rows;
  if (row) return shown(row);
  throw new Refusal(
    'DEAD_LETTER_NOT_FOUND',
    'not-found',
    `${consumer} has no dead letter with id ${id}`,
  );
};

const shown = (row: DeadRow): DeadLetter => {
  const { commit_position: _, prepare_position: __, ...rest } = row;
  const position = positionOf(row);
  return { ...rest, position: position ? formatPosition(position) : null };
};
