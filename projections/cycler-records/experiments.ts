import type { CycleDefinition, StatisticsOptions } from '#cycling/statistics/options.js';
import type { Queryable } from '#resource/sql.js';

/** What is known of an experiment; null: not yet. */
export interface ExperimentRow {
  readonly id: string;
  readonly nominal_capacity_ah: number | null;
  readonly longest_interval_s: number | null;
  readonly cycle_definition: CycleDefinition | null;
  readonly has_ended: boolean;
}

export const readExperiments = async (
  client: Queryable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ExperimentRow>> => {
  const { rows } = await client.query<ExperimentRow>(
    'select * from lab_records.experiment where id = any($1)',
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
};

/** By what its statistics are computed, as far as it is known. */
export const optionsOf = (row: ExperimentRow | undefined): StatisticsOptions => ({
  ...(row?.cycle_definition && { cycle: row.cycle_definition }),
  ...(typeof row?.nominal_capacity_ah === 'number' && {
    nominalCapacityAh: row.nominal_capacity_ah,
  }),
  ...(typeof row?.longest_interval_s === 'number' && { longestIntervalS: row.longest_interval_s }),
});
