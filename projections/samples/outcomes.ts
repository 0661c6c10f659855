import type { Queryable } from '#resource/sql.js';
import { qualities, type Quality, type SampleValue } from '#telemetry/samples/events.js';

import { countedAt, type ReadSeries, shownValue } from './queries.js';
import { samplesSchema as schema } from './samples.projection.js';
import { timeFrom } from './sql.js';

/** What became of a sample: of those of one time the first one counts. */
export type SampleOutcome = 'accepted' | 'duplicate' | 'conflict' | 'expired';

export interface CameSample {
  readonly series: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly value: SampleValue;
  readonly quality: Quality;
}

interface Row {
  readonly valueType: ReadSeries['valueType'] | null;
  readonly expired: boolean;
  readonly position: string | null;
  readonly value: number | null;
  readonly text: string | null;
  readonly quality: number | null;
}

/**
 * What became of the samples of one event of a device, each at its place: as it was when the log had got to the
 * position of the event, which has to be visible. Those whose time was dropped since are `expired`.
 */
export const readOutcomes = async (
  client: Queryable,
  device: string,
  position: bigint,
  samples: readonly CameSample[],
): Promise<readonly SampleOutcome[]> => {
  const { rows } = await client.query<Row>(
    `select s.value_type as "valueType",
            coalesce(${timeFrom('wanted.at')} < s.expired_before, false) as expired,
            counted.position::text, counted.value, counted.text, counted.quality
       from unnest($2::text[], $3::float8[]) with ordinality wanted (name, at, n)
       left join ${schema}.series s on s.device_id = $1 and s.name = wanted.name
       left join lateral (
         select position, value, text, quality from ${countedAt(position, 's.id')} counted
          where at = ${timeFrom('wanted.at')}) counted on true
      order by wanted.n`,
    [device, samples.map(({ series }) => series), samples.map(({ at }) => at)],
  );
  const met = new Set<string>();
  return samples.map(({ series, at, value, quality }, index) => {
    const row = rows[index];
    if (row?.expired === true) return 'expired';
    // Of a time at which somebody said that there is no sample, none counts.
    if (typeof row?.position !== 'string') return 'conflict';
    const there = shownValue(row.value, row.text, row.valueType ?? undefined);
    if (there !== value || qualities[row.quality ?? 0] !== quality) return 'conflict';
    const place = `${series} ${String(at)}`;
    if (row.position !== String(position) || met.has(place)) return 'duplicate';
    met.add(place);
    return 'accepted';
  });
};
