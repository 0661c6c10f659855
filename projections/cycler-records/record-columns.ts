import type { TableColumns, TableRow } from '#http/table-export.js';
import type { Queryable } from '#resource/sql.js';

import type { StoredRecord } from './in-order.js';

interface RecordColumn {
  readonly name: string;
  readonly type: TableColumns[string];
  /** As in the Battery Data Format, `1` for a count; null: a time. */
  readonly unit: string | null;
  readonly about: string;
}

/** What every record has a column for, in order; units stand in the names. */
const own: readonly RecordColumn[] = [
  ...[
    ['test_time_s', 'DOUBLE', 's', 'Since the test began, by the cycler.'] as const,
    ['at', 'TIMESTAMP', null, 'UTC, by the clock of the cycler.'] as const,
    ['voltage_v', 'DOUBLE', 'V', 'Of the battery.'] as const,
    ['current_a', 'DOUBLE', 'A', 'Positive charges.'] as const,
    ['step_count', 'INT64', '1', 'Counts the executed steps; never resets.'] as const,
    ['step_id', 'INT64', '1', 'Step of the program; it returns in each cycle.'] as const,
    ['cycle', 'INT64', '1', 'As the cycler counts them.'] as const,
    ['temperature_c', 'DOUBLE', 'degC', 'Of the battery.'] as const,
    ['step_time_s', 'DOUBLE', 's', 'Since the step began, by the cycler.'] as const,
    ['charge_ah', 'DOUBLE', 'Ah', "The cycler's own counter, which may start again."] as const,
    ['discharge_ah', 'DOUBLE', 'Ah', 'As charge_ah, of what was discharged.'] as const,
  ].map(([name, type, unit, about]) => ({ name, type, unit, about })),
];
const ownNames = new Set(own.map(({ name }) => name));

/** Names of the channels that an experiment has a record of. */
export const channelsOf = async (client: Queryable, id: string): Promise<readonly string[]> => {
  const { rows } = await client.query<{ channel: string }>(
    `select distinct unnest(channels) as channel from lab_records.chunk
      where experiment_id = $1 order by channel`,
    [id],
  );
  return rows.map(({ channel }) => channel);
};

/** A channel is a column of its own name, unless a record has such a column anyway, or every object such a member. */
const columnOf = (channel: string): string =>
  ownNames.has(channel) || channel in Object.prototype ? `channel_${channel}` : channel;

/** The columns of an export, in order. */
export const recordColumns = (channels: readonly string[]): readonly RecordColumn[] => [
  ...own,
  ...channels.map((channel) => ({
    ...{ name: columnOf(channel), type: 'DOUBLE' as const },
    ...{ unit: null, about: 'A further measure, whose name ends in its unit.' },
  })),
];

export const tableColumnsOf = (columns: readonly RecordColumn[]): TableColumns =>
  Object.fromEntries(columns.map(({ name, type }) => [name, type]));

/** A record by the names of its columns. */
export const recordRow = ({ record, channels }: StoredRecord): TableRow => ({
  test_time_s: record.testTimeS,
  at: record.utcMs === undefined ? null : new Date(record.utcMs),
  voltage_v: record.voltageV,
  current_a: record.currentA,
  step_count: record.stepCount,
  step_id: record.stepId,
  cycle: record.cycle,
  temperature_c: record.temperatureC,
  step_time_s: record.stepTimeS,
  charge_ah: record.chargeAh,
  discharge_ah: record.dischargeAh,
  ...Object.fromEntries(
    Object.entries(channels).map(([channel, value]) => [columnOf(channel), value]),
  ),
});
