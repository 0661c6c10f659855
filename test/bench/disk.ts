import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import pg from 'pg';

import { samplesSchema } from '#projections/samples/samples.projection.js';
import { databaseUrlOf } from '#test/faults/operate.js';
import type { Voltrace } from '#test/support/voltrace.js';

export interface DiskBytes {
  /** The database of the read models, and in it the tables of samples and of their roll-ups with their indexes. */
  readonly readModels: number;
  readonly samples: number;
  readonly rollups: number;
  /** The database of the embedded log. */
  readonly log: number;
}

/** What a running system has on disk, without the write-ahead log of PostgreSQL, which is used again. */
export const diskBytes = async (voltrace: Voltrace): Promise<DiskBytes> => {
  const client = new pg.Client({ connectionString: databaseUrlOf(voltrace.dataDir) });
  await client.connect();
  try {
    const oids = await client.query<{ name: string; oid: string }>(
      "select datname as name, oid::text from pg_database where datname in (current_database(), 'voltrace_log')",
    );
    const tables = await client.query<{ samples: string; rollups: string }>(
      `select coalesce(sum(pg_total_relation_size(c.oid)) filter (where relname like 'samples%'), 0) as samples,
              coalesce(sum(pg_total_relation_size(c.oid)) filter (where relname like 'rollup%'), 0) as rollups
         from pg_class c join pg_namespace n on n.oid = relnamespace
        where nspname = $1 and relkind = 'r'`,
      [samplesSchema],
    );
    const bytesOf = (isLog: boolean): number => {
      const oid = oids.rows.find(({ name }) => (name === 'voltrace_log') === isLog)?.oid ?? '';
      // Who owns the read models may not look into the log.
      return folderBytes(join(voltrace.dataDir, 'postgres', 'base', oid));
    };
    return {
      ...{ readModels: bytesOf(false), log: bytesOf(true) },
      samples: Number(tables.rows[0]?.samples),
      rollups: Number(tables.rows[0]?.rollups),
    };
  } finally {
    await client.end();
  }
};

const folderBytes = (folder: string): number =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
