import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Matches, Max, Min } from 'class-validator';

import { OptionalReasonBody, RequiredReasonBody } from '#http/command-route.js';

const states = [
  ...['running', 'waiting', 'stopped', 'paused', 'down', 'building', 'outdated', 'log-replaced'],
];

export class CheckpointResponse {
  @ApiProperty({ description: 'A build of a projection, a topic, or `log`.' }) scope!: string;
  @ApiProperty({ description: '0 unless the source is Kafka.' }) partition!: number;
  @ApiProperty({ enum: ['building', 'running', 'paused', 'stopped'] }) state!: string;
  @ApiProperty({
    description: 'Kafka: the offset to read next. Log: the position through which it was read.',
  })
  nextOffset!: string;
  @ApiProperty({ type: String, nullable: true, description: 'As it was last seen.' })
  endOffset!: string | null;
  @ApiProperty({ type: String, nullable: true }) position!: string | null;
  @ApiProperty({ type: Number, nullable: true, description: 'Null while that is not known.' })
  lagSeconds!: number | null;
  @ApiProperty({ description: 'Events that were read, those included that are passed over.' })
  events!: number;
  @ApiProperty({ description: 'Events that were handled.' }) done!: number;
  @ApiProperty({ description: 'Deliveries of events that had been handled before.' })
  skipped!: number;
}

class ControlResponse {
  @ApiProperty({ description: 'Revision of the last request that was carried out.' })
  revision!: string;
  @ApiProperty({ description: 'The outcome, for people.' }) outcome!: string;
  @ApiProperty({ format: 'date-time' }) at!: string;
}

export class BuildProgressResponse {
  @ApiProperty() build!: number;
  @ApiProperty() version!: number;
  @ApiProperty({ enum: ['building', 'paused', 'stopped', 'running', 'log-replaced'] })
  state!: string;
  @ApiProperty({ type: String, nullable: true }) position!: string | null;
  @ApiProperty() events!: number;
  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Of the events that other projections have counted.',
  })
  percent!: number | null;
  @ApiProperty() parked!: number;
  @ApiProperty({ type: String, nullable: true }) error!: string | null;
}

export class ProjectionResponse {
  @ApiProperty({ type: Number, nullable: true, description: 'Of the running code.' })
  version!: number | null;
  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Of the tables that are read: those of the running code, else the newest.',
  })
  builtVersion!: number | null;
  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Number of their build; another one after each switch.',
  })
  activeBuild!: number | null;
  @ApiProperty({ type: String, nullable: true }) position!: string | null;
  @ApiProperty() events!: number;
  @ApiProperty({ type: BuildProgressResponse, nullable: true })
  build!: BuildProgressResponse | null;
  @ApiProperty({
    type: [BuildProgressResponse],
    description:
      'Builds of other versions: for a roll-back, of processes that still run, or to be dropped.',
  })
  others!: readonly BuildProgressResponse[];
}

export class SubscriptionResponse {
  @ApiProperty() name!: string;
  @ApiProperty({ enum: ['projection', 'consumer', 'process'] }) kind!: string;
  @ApiProperty({ enum: ['kafka', 'log'] }) source!: string;
  @ApiProperty({
    enum: states,
    description:
      '`waiting`: for something that passes. `stopped`: an operator is needed. `down`: no process runs it.',
  })
  state!: string;
  @ApiProperty({ type: String, nullable: true }) reason!: string | null;
  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Last sign of life.',
  })
  notedAt!: string | null;
  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Of the partition furthest behind; null while that is not known.',
  })
  lagSeconds!: number | null;
  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Events or records that were not read yet; null while that is not known.',
  })
  pending!: number | null;
  @ApiProperty() parked!: number;
  @ApiProperty({ type: ControlResponse, nullable: true }) control!: ControlResponse | null;
  @ApiProperty({ type: [CheckpointResponse] }) partitions!: readonly CheckpointResponse[];
  @ApiProperty({
    type: ProjectionResponse,
    nullable: true,
    description: 'Null unless it is a projection.',
  })
  projection!: ProjectionResponse | null;
}

export class SubscriptionListResponse {
  @ApiProperty({ type: [SubscriptionResponse] }) items!: SubscriptionResponse[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: null;
}

export class ParkedResponse {
  @ApiProperty() id!: string;
  @ApiProperty() subscription!: string;
  @ApiProperty({ description: 'A build of a projection, a topic, or `log`.' }) scope!: string;
  @ApiProperty({ format: 'uuid' }) eventId!: string;
  @ApiProperty({ description: 'As far as the record names one.' }) stream!: string;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Null where the record is undecodable, as are the next two.',
  })
  type!: string | null;
  @ApiProperty({ type: String, nullable: true }) revision!: string | null;
  @ApiProperty({ type: String, nullable: true }) position!: string | null;
  @ApiProperty() attempts!: number;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Null for an event that waits behind an earlier one of its stream.',
  })
  error!: string | null;
  @ApiProperty({ type: String, format: 'date-time' }) parkedAt!: string;
}

export class ParkedListResponse {
  @ApiProperty({ type: [ParkedResponse] }) items!: ParkedResponse[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
}

export class ResetPreviewResponse {
  @ApiProperty() subscription!: string;
  @ApiProperty({ example: 'start' }) to!: string;
  @ApiProperty({ description: 'Events that would be delivered again.' }) events!: number;
  @ApiProperty({ description: 'Parked events that would be gone, and are delivered again.' })
  parked!: number;
  @ApiProperty({ type: String, nullable: true, description: 'What would be undone, for people.' })
  forgets!: string | null;
}

export const toExpected = 'expected start, or a position such as 1234';

export class ResetBody extends RequiredReasonBody {
  @ApiProperty({
    description: '`start`, or a position of the log: events after it are delivered again.',
    example: 'start',
  })
  @Matches(/^(start|\d{1,19})$/, { message: toExpected })
  to!: string;
}

const versionExpected = 'expected a version: a whole number from 1 on';

export class DropVersionBody extends OptionalReasonBody {
  @ApiProperty({ type: 'integer', minimum: 1, example: 1, description: 'One of `others`.' })
  @IsInt({ message: versionExpected })
  @Min(1, { message: versionExpected })
  @Max(2_147_483_647, { message: versionExpected })
  version!: number;
}
