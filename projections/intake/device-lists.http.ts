import { Controller, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { instant, oneOf, text } from '#http/query-params.js';
import { Refusal } from '#kernel/refusal.js';
import { answerList } from '#resource/answer-list.js';
import { resourceController } from '#resource/controller.js';
import {
  oneParameters,
  type OneQuery,
  type RawQuery,
  readParameters,
} from '#resource/parameters.js';
import { ResourceReader } from '#resource/reader.js';
import { readOne } from '#resource/reading.js';
import { defineResource, filter, type Resource, unknownIn, visibleIn } from '#resource/resource.js';
import { ListRoute, OneRoute } from '#resource/routes.js';
import { compares } from '#resource/sql.js';

import { intake, intakeSchema } from './intake.projection.js';

const states = ['online', 'offline'] as const;
const orNull = { type: String, nullable: true } as const;
const time = { ...orNull, format: 'date-time' } as const;

class OccurrenceResponse {
  @ApiProperty({ example: 'EV_END_CHARGING' }) kind!: string;
  @ApiProperty({ format: 'date-time', description: 'By the device.' }) at!: Date;
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'What the device says of it.',
  })
  details!: object;
  @ApiProperty({ format: 'date-time', description: 'When it came.' }) recordedAt!: Date;
  @ApiProperty({ description: 'Of its event in the log.' }) position!: string;
}

class MissedMessages {
  @ApiProperty() session!: string;
  @ApiProperty({ description: 'Number of the first of them.' }) from!: number;
  @ApiProperty({ description: 'Number of the last of them.' }) to!: number;
  @ApiProperty({ format: 'date-time' }) notedAt!: string;
  @ApiProperty({ ...time, description: 'When the device was asked to send them again.' })
  askedAt!: string | null;
  @ApiProperty({ description: 'How many of them came after all.' }) recovered!: number;
  @ApiProperty({ ...time, description: 'When the last of these came.' }) recoveredAt!:
    string | null;
}

class LastMessage {
  @ApiProperty() session!: string;
  @ApiProperty({ description: 'Its number in the session.' }) seq!: number;
  @ApiProperty({ format: 'date-time' }) at!: string;
}

class DeviceLinkResponse {
  @ApiProperty() deviceId!: string;
  @ApiProperty({
    enum: states,
    nullable: true,
    description: 'As it, or its last will, said last; null: neither did.',
  })
  connection!: string | null;
  @ApiProperty(time) connectionSince!: Date | null;
  @ApiProperty({ ...orNull, description: 'The session that it began last.' }) session!:
    string | null;
  @ApiProperty(time) bornAt!: Date | null;
  @ApiProperty({
    ...{ type: 'object', additionalProperties: { type: 'string' }, nullable: true },
    description: 'What it said of itself then.',
  })
  properties!: object | null;
  @ApiProperty({
    type: LastMessage,
    nullable: true,
    description: 'Its newest numbered message with samples.',
  })
  lastMessage!: LastMessage | null;
  @ApiProperty({ description: 'Messages that were left out, over all time.' }) missed!: number;
  @ApiProperty({ description: 'Those of them that came after all.' }) recovered!: number;
  @ApiProperty({
    type: [MissedMessages],
    description: 'The newest runs of them, the newest last; at most 100.',
  })
  gaps!: readonly MissedMessages[];
}

const moment = "(extract(epoch from at at time zone 'UTC'))";

const occurrences = defineResource({
  name: 'occurrences',
  tag: 'devices',
  permission: 'devices.read',
  ready: visibleIn(intake),
  response: OccurrenceResponse,
  id: 'position',
  select: 'kind, at, details, recorded_at as "recordedAt", position::text',
  from: `${intakeSchema}.occurrences`,
  list: {
    summary: 'What happened at a device, the newest first',
    description: 'By the time that the device gives it, whenever it came.',
    filters: {
      kind: filter(text(200), compares('kind')),
      from: filter(instant, compares('at', '>=', 'timestamptz')),
      to: filter(instant, compares('at', '<=', 'timestamptz')),
    },
    order: [
      { expression: moment, type: 'numeric', descending: true },
      { expression: 'position', type: 'bigint', descending: true },
    ],
  },
});

const deviceLinks = defineResource({
  name: 'device-links',
  tag: 'devices',
  permission: 'devices.read',
  ready: visibleIn(intake),
  response: DeviceLinkResponse,
  select: `id as "deviceId", state as connection, state_at as "connectionSince", session,
    born_at as "bornAt", properties, missed::float8, recovered::float8, gaps,
    case when last_session is not null then jsonb_build_object('session', last_session,
      'seq', last_seq, 'at', to_char(last_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    end as "lastMessage"`,
  from: `${intakeSchema}.links`,
  list: {
    summary: 'How devices are connected, the newest device first',
    description: 'Those alone that sent anything by MQTT.',
    filters: { connection: filter(oneOf(...states), compares('state')) },
    order: [{ expression: 'first_position', type: 'bigint', descending: true }],
  },
});

const deviceLink: Resource<DeviceLinkResponse> = {
  ...deviceLinks,
  one: {
    summary: 'How a device is connected, and what is missed of what it sent',
    description: 'With the runs of numbers that it left out, and whether it sent them after all.',
    unknown: () =>
      new Refusal('LINK_UNKNOWN', 'not-found', 'no such device has sent anything by MQTT'),
  },
};

export class DeviceLinksController extends resourceController(deviceLinks) {}

@ApiTags('devices')
@ApiBearerAuth()
@Controller('v1/devices')
export class DeviceIntakeController {
  constructor(@Inject(ResourceReader) private readonly reader: ResourceReader) {}

  @ListRoute(occurrences, ':id/occurrences')
  occurrences(
    @Param('id') id: string,
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const ofDevice = {
      ...occurrences,
      // Cursors of other devices fit nothing here.
      name: `occurrences of ${id}`,
      where: [compares('device_id')(id)],
    };
    return answerList(this.reader.store, ofDevice, query, request, reply);
  }

  @OneRoute(deviceLink, ':id/link')
  async link(@Param('id') id: string, @Query() query: RawQuery): Promise<unknown> {
    const { store } = this.reader;
    const { after } = readParameters<OneQuery>(query, oneParameters(deviceLink));
    await deviceLink.ready(store, after);
    const found = await readOne(store.pool, deviceLink, id);
    if (!found) throw unknownIn(deviceLink);
    return found;
  }
}
