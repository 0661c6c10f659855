import type pg from 'pg';

export interface Lease {
  readonly unitId: string;
  /** For how many seconds from now on the unit may go on by itself. */
  readonly validS: number;
}

/**
 * Which units are supervised, and until when: what supervises them says so here, and what is connected to them passes it
 * on. So a unit goes safe when either is gone, or the database between them. Times are those of PostgreSQL.
 */
export class Leases {
  constructor(private readonly pool: pg.Pool) {}

  /** Grants leases of so many seconds from now on. */
  async grant(unitIds: readonly string[], seconds: number): Promise<void> {
    if (unitIds.length === 0) return;
    await this.pool.query(
      `insert into lab.unit_leases (unit_id, valid_until)
       select unit_id, clock_timestamp() + make_interval(secs => $2)
       from unnest($1::text[]) as unit_id
       on conflict (unit_id) do update set valid_until = excluded.valid_until`,
      [unitIds, seconds],
    );
  }

  async current(): Promise<readonly Lease[]> {
    const { rows } = await this.pool.query<Lease>(
      `select unit_id as "unitId",
         extract(epoch from valid_until - clock_timestamp())::float8 as "validS"
       from lab.unit_leases where valid_until > clock_timestamp() order by unit_id`,
    );
    return rows;
  }
}
