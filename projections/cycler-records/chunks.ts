import type { RecordColumns } from '#battery-lab/samples/events.js';
import type { Queryable } from '#resource/sql.js';

import type { Chunk } from './facts.js';
import type { StoredChunk } from './in-order.js';

/** Chunks that are read at once. */
const pageSize = 50;
const mostSteps = Number.MAX_SAFE_INTEGER;

/** Stores chunks; answers those that were not there. */
export const keepChunks = async (
  client: Queryable,
  chunks: readonly Chunk[],
): Promise<readonly Chunk[]> => {
  if (chunks.length === 0) return [];
  const { rows } = await client.query<{ experiment_id: string; hash: string }>(
    `insert into lab_records.chunk
       (experiment_id, hash, position, first_test_time_s, last_test_time_s, from_at, records,
        first_step, last_step, channels, columns, channel_columns)
     select experiment_id, hash, position, first_test_time_s, last_test_time_s, from_at, records,
            first_step, last_step,
            array(select json_array_elements_text(channels)), columns, channel_columns
       from unnest($1::text[], $2::text[], $3::bigint[], $4::float8[], $5::float8[], $6::timestamptz[],
                   $7::integer[], $8::bigint[], $9::bigint[], $10::json[], $11::text[], $12::text[])
         as stated (experiment_id, hash, position, first_test_time_s, last_test_time_s, from_at, records,
                    first_step, last_step, channels, columns, channel_columns)
     on conflict (experiment_id, hash) do nothing
     returning experiment_id, hash`,
    [
      chunks.map(({ experimentId }) => experimentId),
      chunks.map(({ hash }) => hash),
      chunks.map(({ position }) => position),
      chunks.map(({ firstTestTimeS }) => firstTestTimeS),
      chunks.map(({ lastTestTimeS }) => lastTestTimeS),
      chunks.map(({ from }) => from),
      chunks.map(({ records }) => records),
      chunks.map(({ firstStep }) => firstStep),
      chunks.map(({ lastStep }) => lastStep),
      chunks.map(({ channels }) => JSON.stringify(channels)),
      chunks.map(({ columns }) => columns),
      chunks.map(({ channelColumns }) => channelColumns),
    ],
  );
  const kept = new Set(rows.map(({ experiment_id: id, hash }) => `${id} ${hash}`));
  return chunks.filter(({ experimentId, hash }) => kept.has(`${experimentId} ${hash}`));
};

/** Which chunks are read: those that may hold a record between two test times, of some steps. */
export interface ChunkRange {
  readonly fromS?: number | undefined;
  readonly toS?: number | undefined;
  readonly steps?: { readonly first: number; readonly last: number } | undefined;
  /** Whether channels are read, too. */
  readonly channels?: boolean;
}

interface Row {
  readonly first_test_time_s: number;
  readonly position: string;
  readonly from_at: Date;
  readonly columns: string;
  readonly channel_columns: string | null;
}

/** The chunks of an experiment by their first test time, a few at a time. */
export async function* readChunks(
  client: Queryable,
  experimentId: string,
  { fromS = -Infinity, toS = Infinity, steps, channels = false }: ChunkRange = {},
): AsyncGenerator<StoredChunk> {
  const beginS = fromS === -Infinity ? fromS : await firstReaching(client, experimentId, fromS);
  let last: Row | undefined;
  do {
    const { rows }: { rows: Row[] } = await client.query<Row>(
      `select first_test_time_s, position, from_at, columns,
              ${channels ? 'channel_columns' : 'null as channel_columns'}
         from lab_records.chunk
        where experiment_id = $1 and last_test_time_s >= $2 and first_test_time_s <= $3
          and first_step <= $4 and last_step >= $5
          and (first_test_time_s, position) > ($6::float8, $7::bigint)
        order by first_test_time_s, position limit $8`,
      [
        ...[experimentId, fromS, toS, steps?.last ?? mostSteps, steps?.first ?? 0],
        ...[last?.first_test_time_s ?? beginS, last?.position ?? -1, pageSize],
      ],
    );
    for (const row of rows) yield storedChunk(row);
    last = rows.length < pageSize ? undefined : rows.at(-1);
  } while (last);
}

/**
 * First test time of the chunks that reach a test time: a chunk that began long before may. The sum keeps PostgreSQL from
 * searching for the least one among all chunks.
 */
const firstReaching = async (
  client: Queryable,
  experimentId: string,
  fromS: number,
): Promise<number> => {
  const { rows } = await client.query<{ begin_s: number | null }>(
    `select min(first_test_time_s + 0) as begin_s from lab_records.chunk
      where experiment_id = $1 and last_test_time_s >= $2`,
    [experimentId, fromS],
  );
  return rows[0]?.begin_s ?? Infinity;
};

const storedChunk = (row: Row): StoredChunk => ({
  firstTestTimeS: row.first_test_time_s,
  position: BigInt(row.position),
  from: row.from_at.toISOString(),
  columns: JSON.parse(row.columns) as StoredChunk['columns'],
  channels:
    row.channel_columns === null
      ? null
      : (JSON.parse(row.channel_columns) as RecordColumns['channels']),
});
