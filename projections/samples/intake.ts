import type { ProjectionClient } from '#subscription/projection/projection.js';

import type { Arriving, Origin } from './arriving.js';
import { minuteMs } from './buckets.js';
import { arrays, int4, timestamptz } from './sql.js';

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
  private last: { readonly origin: Origin; readonly counted: Counted } | undefined;

  count(outcome: Outcome, samples: readonly Arriving[]): void {
    for (const { origin } of samples) {
      if (this.last?.origin !== origin) this.last = { origin, counted: this.countedOf(origin) };
      this.last.counted[outcome] += 1;
    }
  }

  private countedOf({ device, way, recordedAt }: Origin): Counted {
    const minute = Math.floor(recordedAt / minuteMs) * minuteMs;
    const key = `${device} ${way} ${String(minute)}`;
    const found = this.counts.get(key);
    if (found) return found;
    const made = { device, way, minute, accepted: 0, duplicates: 0, conflicts: 0, expired: 0 };
    this.counts.set(key, made);
    return made;
  }

  async save(client: ProjectionClient): Promise<void> {
    const rows = [...this.counts.values()];
    if (rows.length === 0) return;
    await client.query(
      `insert into intake as i (device_id, way, minute, ${outcomes.join(', ')})
       select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::int[], $5::int[], $6::int[], $7::int[])
       on conflict (device_id, way, minute) do update
          set ${outcomes.map((one) => `${one} = i.${one} + excluded.${one}`).join(', ')}`,
      [
        rows.map(({ device }) => device),
        rows.map(({ way }) => way),
        ...arrays(
          rows,
          timestamptz(({ minute }) => minute),
          ...outcomes.map((one) => int4<Counted>((row) => row[one])),
        ),
      ],
    );
  }
}
