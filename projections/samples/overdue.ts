import type { Queryable } from '#resource/sql.js';

import { samplesSchema as schema } from './samples.projection.js';
import { milliseconds } from './sql.js';

/** A series that holds single samples from before the days for which they are kept. */
export interface Overdue {
  readonly device: string;
  readonly series: string;
  readonly days: number;
  /** Beginning of the first UTC day that is kept. */
  readonly before: Date;
}

/** Those of a day, which `now` (milliseconds since the epoch) is in; at most `limit`, behind one of them. */
export const readOverdue = async (
  client: Queryable,
  now: number,
  limit: number,
  behind?: Pick<Overdue, 'device' | 'series'>,
): Promise<readonly Overdue[]> => {
  const { rows } = await client.query<Omit<Overdue, 'before'> & { before: number }>(
    `select device_id as device, name as series, retention_days as days, ${milliseconds('before')} as before
       from ${schema}.series,
            lateral (select (date_trunc('day', to_timestamp($1::float8 / 1000), 'UTC')
                             - (retention_days - 1) * interval '24 hours') as before) kept
      where retention_days is not null and first_at < before
        -- Nothing is kept of what comes later for a time that was dropped.
        and (expired_before is null or (expired_before < before and latest_at >= expired_before))
        and (device_id, name) > ($3, $4)
      order by device_id, name limit $2`,
    [now, limit, behind?.device ?? '', behind?.series ?? ''],
  );
  return rows.map((row) => ({ ...row, before: new Date(row.before) }));
};
