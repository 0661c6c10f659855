import type { Pool } from 'pg';

import { prepared } from '#read-store/prepared.js';
import { isMissingRelation } from '#read-store/store-errors.js';

/** Where the jobs of one queue are kept; `README.md` has the columns. */
export interface JobTable {
  /** With its schema, such as `product_imports.work`. */
  readonly name: string;
  /** The column of a job's id. */
  readonly id: string;
  /** A query of the ids and kinds of all jobs that are not done, of which the table is filled again. */
  readonly unfinished?: string;
}

/** A job that its owner holds the lease of. */
export interface ClaimedJob {
  readonly id: string;
  readonly owner: string;
  /** As Postgres writes it: names the request that is being served. */
  readonly requestedAt: string;
  /** How long ago that was, in seconds. */
  readonly waitedSeconds: number;
}

/**
 * Long-running jobs that several processes share, each held by one of them at a time. Rejects with the
 * store's fault while it is away.
 *
 * Time is Postgres's alone: two processes with different clocks agree on when a lease ends.
 */
export class JobQueue {
  constructor(
    private readonly pool: Pick<Pool, 'query'>,
    private readonly table: JobTable,
  ) {}

  /** Idempotent. Call it before the job's request is recorded elsewhere, so that no crash leaves one unlisted. */
  async enqueue(id: string, kind: string): Promise<void> {
    await this.pool.query(
      `insert into ${this.table.name} (${this.table.id}, kind) values ($1, $2)
       on conflict (${this.table.id}) do update
         set kind = excluded.kind, requested_at = clock_timestamp(), not_before = '-infinity'`,
      [id, kind],
    );
  }

  /** The job of a kind that waits longest, where no living process runs one of that kind. */
  async claim(kind: string, owner: string, leaseMs: number): Promise<ClaimedJob | undefined> {
    if (!(await this.mayHave(kind))) return undefined;
    await this.pool.query(
      `update ${this.table.name} set owner = null, lease_until = null
       where lease_until < clock_timestamp()`,
    );
    try {
      return await this.claimFree(kind, owner, leaseMs);
    } catch (error) {
      // Somebody claimed another job of this kind at the same moment.
      if (isDuplicate(error)) return undefined;
      throw error;
    }
  }

  /** Most polls find nothing: one look tells. */
  private async mayHave(kind: string): Promise<boolean> {
    const { rows } = await this.pool.query<{ found: boolean }>(
      prepared(
        `select exists (
           select from ${this.table.name}
           where lease_until < clock_timestamp()
             or (kind = $1 and owner is null and not_before <= clock_timestamp())) as found`,
        [kind],
      ),
    );
    return rows[0]?.found === true;
  }

  /** A job behind another one of its kind is left alone even where that one is being claimed just now. */
  private async claimFree(
    kind: string,
    owner: string,
    leaseMs: number,
  ): Promise<ClaimedJob | undefined> {
    const { name, id } = this.table;
    const { rows } = await this.pool.query<Omit<ClaimedJob, 'owner'>>(
      `update ${name}
       set owner = $1, lease_until = clock_timestamp() + $2 * interval '1 millisecond'
       where ${id} = (
         select ${id} from ${name} as waiting
         where kind = $3 and owner is null and not_before <= clock_timestamp()
           and not exists (
             select from ${name} as other
             where other.kind = waiting.kind
               and (other.owner is not null
                 or (other.not_before <= clock_timestamp()
                   and other.requested_at < waiting.requested_at)))
         order by requested_at limit 1
         for update of waiting skip locked
       )
       returning ${id} as id, requested_at::text as "requestedAt",
         extract(epoch from clock_timestamp() - requested_at)::float8 as "waitedSeconds"`,
      [owner, leaseMs, kind],
    );
    const [row] = rows;
    return row && { ...row, owner };
  }

  /** False where the lease went to somebody else. */
  async renew({ id, owner }: ClaimedJob, leaseMs: number): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `update ${this.table.name} set lease_until = clock_timestamp() + $3 * interval '1 millisecond'
       where ${this.table.id} = $1 and owner = $2`,
      [id, owner, leaseMs],
    );
    return rowCount === 1;
  }

  /** Takes the job off the table, unless it was requested again meanwhile: then anybody may claim it. */
  async finish(job: ClaimedJob): Promise<void> {
    await this.pool.query(
      `delete from ${this.table.name}
       where ${this.table.id} = $1 and owner = $2 and requested_at = $3::timestamptz`,
      [job.id, job.owner, job.requestedAt],
    );
    await this.release(job, 0);
  }

  /** Gives the lease back; nobody takes it for `delayMs`. */
  async release({ id, owner }: ClaimedJob, delayMs: number): Promise<void> {
    await this.pool.query(
      `update ${this.table.name}
       set owner = null, lease_until = null,
           not_before = case when $3 = 0 then not_before
             else clock_timestamp() + $3 * interval '1 millisecond' end
       where ${this.table.id} = $1 and owner = $2`,
      [id, owner, delayMs],
    );
  }

  /** Lists what is not done and not in the table: it was lost, never written, or did not know kinds. */
  async repair(): Promise<void> {
    const { name, id, unfinished } = this.table;
    if (unfinished === undefined) return;
    try {
      await this.pool.query(
        `insert into ${name} as job (${id}, kind) ${unfinished}
         on conflict (${id}) do update set kind = excluded.kind where job.kind is null`,
      );
    } catch (error) {
      // What is not done is not known yet; the table itself is what counts.
      if (!isMissingRelation(error)) throw error;
    }
  }
}

const isDuplicate = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '23505';
