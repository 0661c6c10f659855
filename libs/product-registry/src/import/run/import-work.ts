import type { Pool } from 'pg';

import { schemaOf } from '#read-store/projection.js';

import type { ImportKind } from '../events.js';
import { importsVersion } from '../read-model.js';

/** An import that this process holds the lease of. */
export interface ClaimedImport {
  readonly importId: string;
  readonly owner: string;
  /** As Postgres writes it: names the request that is being served. */
  readonly requestedAt: string;
}

/**
 * The work list that the API processes share. Rejects with the store's fault while it is away.
 *
 * Time is Postgres's alone: two processes with different clocks agree on when a lease ends.
 */
export class ImportWork {
  constructor(private readonly pool: Pick<Pool, 'query'>) {}

  /** Idempotent. Called before the request is appended, so that no crash leaves a request unlisted. */
  async enqueue(importId: string, kind: ImportKind): Promise<void> {
    await this.pool.query(
      `insert into product_imports.work (import_id, kind) values ($1, $2)
       on conflict (import_id) do update
         set kind = excluded.kind, requested_at = clock_timestamp(), not_before = '-infinity'`,
      [importId, kind],
    );
  }

  /**
   * The import of a kind that waits longest and that no living process holds, where nobody else runs one
   * of that kind: two lists that change the same products must not interleave.
   */
  async claim(
    kind: ImportKind,
    owner: string,
    leaseMs: number,
  ): Promise<ClaimedImport | undefined> {
    await this.pool.query(
      `update product_imports.work set owner = null, lease_until = null
       where lease_until < clock_timestamp()`,
    );
    try {
      return await this.claimFree(kind, owner, leaseMs);
    } catch (error) {
      // Somebody claimed another import of this kind at the same moment.
      if (isDuplicate(error)) return undefined;
      throw error;
    }
  }

  /** An import behind another one of its kind is left alone even where that one is being claimed just now. */
  private async claimFree(
    kind: ImportKind,
    owner: string,
    leaseMs: number,
  ): Promise<ClaimedImport | undefined> {
    const { rows } = await this.pool.query<{ import_id: string; requested_at: string }>(
      `update product_imports.work
       set owner = $1, lease_until = clock_timestamp() + $2 * interval '1 millisecond'
       where import_id = (
         select import_id from product_imports.work as waiting
         where kind = $3 and owner is null and not_before <= clock_timestamp()
           and not exists (
             select from product_imports.work as other
             where other.kind = waiting.kind
               and (other.owner is not null
                 or (other.not_before <= clock_timestamp()
                   and other.requested_at < waiting.requested_at)))
         order by requested_at limit 1
         for update of waiting skip locked
       )
       returning import_id, requested_at::text`,
      [owner, leaseMs, kind],
    );
    const [row] = rows;
    return row && { importId: row.import_id, owner, requestedAt: row.requested_at };
  }

  /** False when the lease went to somebody else. */
  async renew({ importId, owner }: ClaimedImport, leaseMs: number): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `update product_imports.work set lease_until = clock_timestamp() + $3 * interval '1 millisecond'
       where import_id = $1 and owner = $2`,
      [importId, owner, leaseMs],
    );
    return rowCount === 1;
  }

  /** Takes the import off the list, unless somebody asked again meanwhile: then it is up for grabs. */
  async finish({ importId, owner, requestedAt }: ClaimedImport): Promise<void> {
    await this.pool.query(
      `delete from product_imports.work
       where import_id = $1 and owner = $2 and requested_at = $3::timestamptz`,
      [importId, owner, requestedAt],
    );
    await this.release({ importId, owner, requestedAt }, 0);
  }

  /** Gives the lease back; nobody takes it for `delayMs`. */
  async release({ importId, owner }: ClaimedImport, delayMs: number): Promise<void> {
    await this.pool.query(
      `update product_imports.work
       set owner = null, lease_until = null,
           not_before = case when $3 = 0 then not_before
             else clock_timestamp() + $3 * interval '1 millisecond' end
       where import_id = $1 and owner = $2`,
      [importId, owner, delayMs],
    );
  }

  /** How long ago the import was last asked for, in seconds. */
  async waitingSeconds({ importId }: ClaimedImport): Promise<number> {
    const { rows } = await this.pool.query<{ seconds: number }>(
      `select extract(epoch from clock_timestamp() - requested_at)::float8 as seconds
       from product_imports.work where import_id = $1`,
      [importId],
    );
    return rows[0]?.seconds ?? 0;
  }

  /** Lists what the read model knows to be unfinished: the list was lost, never written, or did not know kinds. */
  async heal(): Promise<void> {
    await this.pool.query(
      `insert into product_imports.work (import_id, kind)
       select id::uuid, kind from ${schemaOf(importsVersion)}.imports
        where state in ('received', 'running')
       on conflict (import_id) do update set kind = excluded.kind where work.kind is null`,
    );
  }
}

const isDuplicate = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '23505';
