import type { ReadStore } from '#read-store/read-store.js';
import { isMissingRelation, isStoreFault } from '#read-store/store-errors.js';

import { ChunkLines, eachLine } from './chunk.js';
import { ArchiveDamaged } from './damaged.js';
import type { Finished, Manifest } from './manifest.js';

/**
 * Of the subscriptions' tables an archive holds what no log has: the events that an operator gave up for good, and the parked
 * events. A follower that begins anew meets every event of the log again, parked ones too, so of these only the records
 * that came from Kafka undecodable are put back; the others are kept for people.
 */
const tables = ['discarded', 'parked'] as const;

interface Row {
  readonly table: (typeof tables)[number];
  /** As `to_jsonb` writes it: bytes as `\x…`. Text, since numbers of 64 bits are not those of JavaScript. */
  readonly row: string;
  readonly isRecord: boolean;
}

const rowsAtOnce = 1_000;

/** How many chunks it wrote. Where there are no such tables yet, nothing is parked. */
export const exportSubscriptions = async (
  folder: string,
  manifest: Manifest,
  store: ReadStore,
): Promise<number> => {
  const lines = new ChunkLines();
  let rows = 0;
  let chunks = 0;
  const write = async (): Promise<void> => {
    if (lines.isEmpty) return;
    const number = String(manifest.of('subscriptions').length + 1).padStart(8, '0');
    const file = await lines.write(folder, `subscriptions/${number}.ndjson.gz`);
    await manifest.append({ kind: 'subscriptions', ...file, rows });
    rows = 0;
    chunks += 1;
  };
  for (const table of tables) {
    for await (const row of rowsOf(store, table)) {
      lines.add(`{"table":"${table}","row":${row}}`);
      rows += 1;
      if (lines.isFull) await write();
    }
  }
  await write();
  return chunks;
};

/** In the order of (subscription, event), page by page. */
async function* rowsOf(store: ReadStore, table: Row['table']): AsyncGenerator<Row['row']> {
  let after: readonly [string, string, string] = ['', '', '00000000-0000-0000-0000-000000000000'];
  const scope = table === 'parked' ? 'scope' : 'subscription';
  for (;;) {
    const { rows } = await store.pool
      .query<{ row: Row['row']; key: [string, string, string] }>(
        `select to_jsonb(r)::text as row, array[subscription, ${scope}, event_id::text] as key
           from subscription.${table} r
          where (subscription, ${scope}, event_id) > ($1, $2, $3::uuid)
          order by subscription, ${scope}, event_id limit ${String(rowsAtOnce)}`,
        [...after],
      )
      .catch((error: unknown) => {
        if (isMissingRelation(error)) return { rows: [] };
        throw error;
      });
    for (const { row, key } of rows) {
      yield row;
      after = key;
    }
    if (rows.length < rowsAtOnce) return;
  }
}

/** Puts back what the last export found. Called again, it changes nothing. */
export const importSubscriptions = async (
  folder: string,
  { entries, end: { subscriptions: ofLastExport } }: Finished,
  store: ReadStore,
): Promise<void> => {
  const chunks = entries.filter((entry) => entry.kind === 'subscriptions');
  // An export that was killed may have left others, whose rows may have been handled since.
  for (const entry of chunks.slice(chunks.length - ofLastExport)) {
    const rows = await eachLine(folder, entry, rowIn);
    for (const table of tables) {
      const own = rows.filter((row) => row.table === table && isPutBack(row)).map(({ row }) => row);
      await putBack(store, table, own).catch((error: unknown) => {
        if (isStoreFault(error)) throw error;
        throw new ArchiveDamaged(entry.file, `its rows do not fit: ${(error as Error).message}`);
      });
    }
  }
};

const putBack = async (
  { pool }: ReadStore,
  table: Row['table'],
  rows: readonly string[],
): Promise<void> => {
  await pool.query(
    `insert into subscription.${table} (${columns[table]})
     select ${columns[table]} from jsonb_populate_recordset(null::subscription.${table}, $1)
     on conflict do nothing`,
    [`[${rows.join(',')}]`],
  );
};

/** Without the number of a parked row, which each database counts by itself. */
const columns = {
  discarded: 'subscription, event_id, reason, discarded_by, discarded_at',
  parked:
    'subscription, scope, partition, event_id, key, type, revision, commit_position, prepare_position, record_offset, headers, value, attempts, error, parked_at',
} as const;

const isPutBack = ({ table, isRecord }: Row): boolean => table === 'discarded' || isRecord;

const rowIn = (line: string): Row => {
  const { table: named, row } = JSON.parse(line) as { table?: unknown; row?: { type?: unknown } };
  const table = tables.find((one) => one === named);
  const start = `{"table":"${table ?? ''}","row":`;
  if (!table || !row || !line.startsWith(start)) throw new Error('it is no row');
  return { table, row: line.slice(start.length, -1), isRecord: row.type === null };
};
