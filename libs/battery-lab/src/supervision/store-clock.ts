import type pg from 'pg';

import { wallNow } from '#kernel/wall-clock.js';

/** By how much two clocks may run apart. */
const drift = 1e-3;

/** In SQL. */
export const storeTimeMs = 'extract(epoch from clock_timestamp())::float8 * 1000';

/**
 * The time of PostgreSQL, in milliseconds since 1970: all that supervise go by it, whatever the clocks of their machines
 * say. Between two readings it goes on by a clock that does not jump.
 */
export class StoreClock {
  private aheadMs: number | undefined;
  /** By how much that may be wrong, as it was at `notedAt`. */
  private doubtMs = Infinity;
  private notedAt = 0;

  constructor(private readonly client: Pick<pg.Pool, 'query'>) {}

  /** The time of day of this machine as long as it was never read. */
  readonly now = (): number =>
    this.aheadMs === undefined ? wallNow() : performance.now() + this.aheadMs;

  async read(): Promise<void> {
    const before = performance.now();
    const { rows } = await this.client.query<{ ms: number }>(`select ${storeTimeMs} as ms`);
    const [row] = rows;
    if (row) this.noted(row.ms, before);
  }

  /** What PostgreSQL said just now of its time; `askedAt` by `performance.now()`. */
  noted(ms: number, askedAt: number): void {
    const now = performance.now();
    const aheadMs = ms - (askedAt + now) / 2;
    const doubtMs = (now - askedAt) / 2;
    // An answer that took long says less than an earlier one that did not, unless that cannot be right any more.
    const agedMs = this.doubtMs + (now - this.notedAt) * drift;
    const isJump = Math.abs(aheadMs - (this.aheadMs ?? aheadMs)) > doubtMs + agedMs;
    if (doubtMs > agedMs && !isJump) return;
    Object.assign(this, { aheadMs, doubtMs, notedAt: now });
  }
}
