import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';

import type { ExperimentMetadata } from './experiment-metadata.js';
import type { StoredRecord } from './in-order.js';

const known = { type: Number, nullable: true } as const;

export class CyclerRecordResponse {
  @ApiProperty({ description: 'Seconds since the test began, by the cycler.' }) testTimeS!: number;
  @ApiProperty({ format: 'date-time', description: 'By the clock of the cycler.' }) at!: string;
  @ApiProperty() voltageV!: number;
  @ApiProperty({ description: 'Positive charges.' }) currentA!: number;
  @ApiProperty({ description: 'Counts the executed steps.' }) stepCount!: number;
  @ApiProperty({ description: 'Step of the program.' }) stepId!: number;
  @ApiProperty({ description: 'As the cycler counts them.' }) cycle!: number;
  @ApiProperty({ ...known, description: 'Null where it was not measured.' })
  temperatureC!: number | null;
  @ApiProperty({ ...known, description: 'Seconds since the step began, by the cycler.' })
  stepTimeS!: number | null;
  @ApiProperty({ ...known, description: "The cycler's own counter, which may start again." })
  chargeAh!: number | null;
  @ApiProperty(known) dischargeAh!: number | null;
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'number' },
    description: 'Further measures by their names, which end in the unit.',
  })
  channels!: Readonly<Record<string, number>>;
}

export class CyclerRecordListResponse {
  @ApiProperty({ type: CyclerRecordResponse, isArray: true })
  items!: readonly CyclerRecordResponse[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
}

const some: ApiPropertyOptions = { type: 'object', additionalProperties: true };

class RecordColumnResponse {
  @ApiProperty({ example: 'voltage_v' }) name!: string;
  @ApiProperty({ type: String, nullable: true, example: 'V', description: 'Null: it has none.' })
  unit!: string | null;
  @ApiProperty() about!: string;
}

type Some = Readonly<Record<string, unknown>>;

export class ExperimentMetadataResponse implements ExperimentMetadata {
  @ApiProperty({ ...some, description: 'As it is.' }) experiment!: Some;
  @ApiProperty({ ...some, description: 'As it was when the experiment began.' }) battery!: Some;
  @ApiProperty({ ...some, nullable: true, description: 'Its version and hash.' })
  profile!: Some | null;
  @ApiProperty({ ...some, nullable: true }) station!: Some | null;
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: 'With serial number, firmware and the calibration that counted.',
  })
  devices!: readonly Some[];
  @ApiProperty({ ...some, nullable: true, description: 'Null: it was run here.' })
  import!: Some | null;
  @ApiProperty({ enum: ['UTC'], description: 'Of all times.' }) timeZone!: string;
  @ApiProperty({ type: RecordColumnResponse, isArray: true, description: 'Of exports.' })
  columns!: readonly RecordColumnResponse[];
}

export const recordShown = ({ record, channels }: StoredRecord): CyclerRecordResponse => {
  const { testTimeS, utcMs = NaN, voltageV, currentA, stepCount, stepId, cycle } = record;
  const { temperatureC = null, stepTimeS = null, chargeAh = null, dischargeAh = null } = record;
  return {
    ...{ testTimeS, at: new Date(utcMs).toISOString(), voltageV, currentA },
    ...{ stepCount, stepId, cycle, temperatureC, stepTimeS, chargeAh, dischargeAh, channels },
  };
};
