import type { PoolClient } from 'pg';

/** How many moves of a table are kept: walks over pages that began before them are over. */
const keptMoves = 100_000;

/** A table of moves and the columns of it in which former values stand. */
export interface Moves {
  readonly table: string;
  readonly columns: readonly string[];
}

/**
 * Notes rows as they stand before a batch overwrites them, each under a number of its own that is higher
 * than all before, and forgets the oldest notes. Numbers have no gaps: batches come one after the other.
 *
 * `rows` selects the id and the columns of the table, in this order. How many notes there are depends
 * on where batches begin and end; what a walk that began between two batches sees does not.
 */
export const noteMoves = async (
  client: Pick<PoolClient, 'query'>,
  { table, columns }: Moves,
  rows: string,
  values: readonly unknown[],
): Promise<void> => {
  await client.query(
    `with noted as (
       insert into ${table} (move, ${['id', ...columns].join(', ')})
       select (select coalesce(max(move), 0) from ${table}) + row_number() over (), rows.*
       from (${rows}) as rows
       returning move
     )
     delete from ${table} where move <= (select max(move) from noted) - ${String(keptMoves)}`,
    [...values],
  );
};
