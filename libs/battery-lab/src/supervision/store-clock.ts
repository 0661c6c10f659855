import type pg from 'pg';

import { wallNow } from '#kernel/wall-clock.js';

/**
 * The time of PostgreSQL, in milliseconds since 1970: all that supervise go by it, whatever the clocks of their machines
 * say. Between two readings it goes on by a clock that does not jump.
 */
export class StoreClock {
  private aheadMs: number | undefined;

  constructor(private readonly client: Pick<pg.Pool, 'query'>) {}

  /** The time of day of this machine as long as it was never read. */
  readonly now = (): number =>
    this.aheadMs === undefined ? wallNow() : performance.now() + this.aheadMs;

  async read(): Promise<void> {
    const before = performance.now();
    const { rows } = await this.client.query<{ ms: number }>(
      'select extract(epoch from clock_timestamp())::float8 * 1000 as ms',
    );
    const [row] = rows;
    if (row) this.aheadMs = row.ms - (before + performance.now()) / 2;
  }
}
