import { Refusal } from '#kernel/refusal.js';
import type { Queryable } from '#resource/sql.js';
import type { Line } from '#series/formula.js';

import { intakeSchema as schema } from './intake.projection.js';

/** Occurrences that a formula is computed from. */
export const mostOccurrences = 100_000;

/** Nothing is known between two of them. */
const rules = { kind: 'gauge', interpolation: 'hold', intervalMs: 0, rollOver: null } as const;

export interface OccurrencesWanted {
  readonly devices: readonly string[];
  /** Absent: of every kind. */
  readonly kinds?: readonly string[] | undefined;
  /** A member of their details that is a number; absent: 1 for each. */
  readonly field?: string | undefined;
  /** Milliseconds since the epoch; `to` is not included. */
  readonly from: number;
  readonly to: number;
  /** Those that the log had at this position. */
  readonly position?: bigint | undefined;
}

/** What occurrences say, by time; those of one millisecond are added up. Throws a `Refusal` (`TOO_MANY_OCCURRENCES`). */
export const readOccurrenceValues = async (
  client: Queryable,
  { devices, kinds, field, from, to, position }: OccurrencesWanted,
): Promise<Line> => {
  const { rows } = await client.query<[number, number]>({
    text: `select at, sum(value)::float8 from (
             select (extract(epoch from at) * 1000)::float8 as at,
                    case when $6::text is null then 1
                         when jsonb_typeof(details -> $6) = 'number' then (details ->> $6)::float8 end as value
               from ${schema}.occurrences
              where device_id = any($1) and ($2::text[] is null or kind = any($2))
                and at >= to_timestamp($3::float8 / 1000) and at < to_timestamp($4::float8 / 1000)
                and ($5::bigint is null or position <= $5)) found
            where value is not null group by at order by at limit ${String(mostOccurrences + 1)}`,
    values: [devices, kinds ?? null, from, to, position?.toString() ?? null, field ?? null],
    rowMode: 'array',
  });
  if (rows.length > mostOccurrences) throw tooManyOccurrences();
  return { samples: rows, rules };
};

export const tooManyOccurrences = () =>
  new Refusal(
    'TOO_MANY_OCCURRENCES',
    'unprocessable',
    `a formula is computed from at most ${String(mostOccurrences)} occurrences; ask for a shorter time`,
    { errors: [{ pointer: '?to', reason: 'expected a shorter time' }] },
  );
