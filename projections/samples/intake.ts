import type { ProjectionClient } from '#subscription/projection/projection.js';

import type { Arriving } from './arriving.js';
import { minuteMs } from './buckets.js';
import { arrays, timeFrom } from './sql.js';

export const outcomes = ['accepted', 'duplicates', 'conflicts', 'expired'] as const;
export type Outcome = (typeof outcomes)[number];

type Counted = Record<Outcome, number> & {
  readonly device: string;
  readonly way: string;
  readonly minute: number;
};

/** What became of the samples that came, by device, way and minute. */
export class Intake {
  private readonly counts = new Map<string, Counted>();

  count(outcome: Outcome, samples: readonly Arriving[]): void {
    for (const { origin } of samples) {
      const { device, way, recordedAt } = origin;
      const minute = Math.floor(recordedAt / minuteMs) * minuteMs;
      const key = `${device} ${way} ${String(minute)}`;
      let counted = this.counts.get(key);
      if (!counted) {
        counted = { device, way, minute, accepted: 0, duplicates: 0, conflicts: 0, expired: 0 };
        this.counts.set(key, counted);
      }
      counted[outcome] += 1;
    }
  }

  async save(client: ProjectionClient): Promise<void> {
    const rows = [...this.counts.values()];
    if (rows.length === 0) return;
    await client.query(
      `insert into intake as i (device_id, way, minute, ${outcomes.join(', ')})
       select device, way, ${timeFrom('minute')}, ${outcomes.join(', ')}
       from unnest($1::text[], $2::text[], $3::float8[], $4::int[], $5::int[], $6::int[], $7::int[])
         as new (device, way, minute, ${outcomes.join(', ')})
       on conflict (device_id, way, minute) do update
          set ${outcomes.map((one) => `${one} = i.${one} + excluded.${one}`).join(', ')}`,
      [
        rows.map(({ device }) => device),
        rows.map(({ way }) => way),
        ...arrays(
          rows,
          ({ minute }) => minute,
          ...outcomes.map(
            (one) =>
              (row: Counted): number =>
                row[one],
          ),
        ),
      ],
    );
  }
}
