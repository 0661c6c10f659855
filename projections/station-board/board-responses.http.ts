import { ApiProperty } from '@nestjs/swagger';

import { alarmKinds, severities } from '#battery-lab/alarm/events.js';
import { instructionKinds } from '#battery-lab/experiment/events.js';

import type { BoardExperiment, BoardStation } from './board-queries.js';

const orNull = { nullable: true } as const;
const text = { type: String, ...orNull } as const;
const number = { type: Number, ...orNull } as const;
const statuses = [
  ...['assigned', 'running', 'paused', 'interrupted', 'tripped'],
  ...['completed', 'aborted', 'failed', 'cancelled', 'queued'],
] as const;

class BoardUnitResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty(text) name!: string | null;
  @ApiProperty({ type: Boolean, ...orNull, description: 'Null: it never said so.' })
  isOnline!: boolean | null;
}

class BoardStepResponse {
  @ApiProperty({ description: 'Counts the executed steps.' }) stepCount!: number;
  @ApiProperty({ description: 'Step of the program.' }) stepId!: number;
  @ApiProperty() cycle!: number;
  @ApiProperty({ ...text, example: 'Charge at 1 A until 4.2 V' }) sentence!: string | null;
  @ApiProperty({ ...number, description: 'Seconds of the step, by the newest record.' })
  elapsedS!: number | null;
}

class BoardRecordResponse {
  @ApiProperty({ format: 'date-time', description: 'By the clock of the unit.' }) at!: string;
  @ApiProperty({ description: 'Seconds since the start.' }) testTimeS!: number;
  @ApiProperty() voltageV!: number;
  @ApiProperty({ description: 'Positive charges.' }) currentA!: number;
  @ApiProperty() powerW!: number;
  @ApiProperty(number) temperatureC!: number | null;
  @ApiProperty({
    ...{ type: 'object', additionalProperties: { type: 'number', nullable: true } },
    description: 'Further measures by their names, which end in the unit.',
  })
  channels!: Readonly<Record<string, number | null>>;
}

class BoardExperimentResponse implements BoardExperiment {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ example: 'Formation of cell 17' }) name!: string;
  @ApiProperty({ enum: statuses }) status!: BoardExperiment['status'];
  @ApiProperty({ enum: ['on', 'off'], description: 'On also where nobody knows.' })
  output!: 'on' | 'off';
  @ApiProperty({ format: 'uuid' }) batteryId!: string;
  @ApiProperty({ ...text, format: 'date-time' }) startedAt!: string | null;
  @ApiProperty({ enum: instructionKinds, ...orNull, description: 'Not answered by the unit yet.' })
  instruction!: BoardExperiment['instruction'];
  @ApiProperty({ ...text, description: 'Why it stands where it stands.' })
  message!: string | null;
  @ApiProperty({ type: BoardStepResponse, ...orNull }) step!: BoardStepResponse | null;
  @ApiProperty({ type: BoardRecordResponse, ...orNull, description: 'The newest record.' })
  latest!: BoardRecordResponse | null;
}

class BoardAlarmResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'uuid' }) experimentId!: string;
  @ApiProperty({ enum: alarmKinds }) kind!: (typeof alarmKinds)[number];
  @ApiProperty({ enum: severities }) severity!: (typeof severities)[number];
  @ApiProperty() message!: string;
  @ApiProperty() isAcknowledged!: boolean;
}

class BoardNextResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() name!: string;
}

class BoardHeldResponse {
  @ApiProperty() reason!: string;
  @ApiProperty({ format: 'date-time' }) since!: string;
}

class BoardQueueResponse {
  @ApiProperty({ description: 'How many experiments wait.' }) length!: number;
  @ApiProperty({ type: BoardNextResponse, ...orNull }) next!: BoardNextResponse | null;
  @ApiProperty({
    ...{ type: BoardHeldResponse, ...orNull },
    description: 'Why the station takes no experiment; it is tried again, the first one first.',
  })
  held!: BoardHeldResponse | null;
}

export class BoardStationResponse implements BoardStation {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ example: 'station 4' }) name!: string;
  @ApiProperty() location!: string;
  @ApiProperty({ enum: ['inUse', 'retired'] }) status!: 'inUse' | 'retired';
  @ApiProperty() unit!: BoardUnitResponse;
  @ApiProperty({ type: BoardExperimentResponse, ...orNull, description: 'That has the station.' })
  experiment!: BoardExperimentResponse | null;
  @ApiProperty({
    type: [BoardAlarmResponse],
    description:
      'Raised ones, the newest first: those that nobody has acknowledged, and those of the experiment.',
  })
  alarms!: readonly BoardAlarmResponse[];
  @ApiProperty() queue!: BoardQueueResponse;
  @ApiProperty({ description: 'Of the last event that changed it.' }) position!: string;
}

export class StationBoardResponse {
  @ApiProperty({ type: [BoardStationResponse], description: 'By their names.' })
  items!: readonly BoardStationResponse[];
}
