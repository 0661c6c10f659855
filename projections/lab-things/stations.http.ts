import { Param, Query, Req, Res } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { stationDecider, unknownStation } from '#battery-lab/station/decider.js';
import type { Station } from '#battery-lab/station/document.js';
import { deviceRoles } from '#battery-lab/station/events.js';
import { instant, uuid } from '#http/query-params.js';
import { answerList } from '#resource/answer-list.js';
import { belongingTo } from '#resource/belonging-to.js';
import { resourceController } from '#resource/controller.js';
import type { RawQuery } from '#resource/parameters.js';
import { defineResource, filter, visibleIn } from '#resource/resource.js';
import { ListRoute } from '#resource/routes.js';
import { compares } from '#resource/sql.js';

import { labSchema, labThings } from './lab-things.projection.js';
import { member, thingResource, ThingResponse } from './thing.http.js';

class StationDeviceResponse {
  @ApiProperty({ format: 'uuid' }) deviceId!: string;
  @ApiProperty({ enum: deviceRoles }) role!: Station['devices'][number]['role'];
}

class MeasureResponse {
  @ApiProperty({ example: 'temp_body' }) name!: string;
  @ApiProperty({ format: 'uuid' }) deviceId!: string;
  @ApiProperty({ example: 'temp_body' }) channel!: string;
  @ApiProperty({ type: String, nullable: true, example: 'degC' }) unit!: string | null;
}

const time = { type: String, format: 'date-time', nullable: true } as const;

class StationResponse extends ThingResponse implements Station {
  @ApiProperty({ example: 'station 4' }) name!: string;
  @ApiProperty() location!: string;
  @ApiProperty({ format: 'uuid' }) unitId!: string;
  @ApiProperty({ type: [StationDeviceResponse] }) devices!: readonly StationDeviceResponse[];
  @ApiProperty({ type: [MeasureResponse] }) measures!: readonly MeasureResponse[];
  @ApiProperty({ format: 'date-time', description: 'Since when it consists of this.' })
  since!: string;
  @ApiProperty({ description: 'Counts its configurations.' }) configuration!: number;
  @ApiProperty(time) retiredAt!: string | null;
}

class StationConfigurationResponse {
  @ApiProperty({ description: 'Counts the configurations of the station.' }) number!: number;
  @ApiProperty() location!: string;
  @ApiProperty({ format: 'uuid' }) unitId!: string;
  @ApiProperty({ type: [StationDeviceResponse] }) devices!: readonly StationDeviceResponse[];
  @ApiProperty({ type: [MeasureResponse] }) measures!: readonly MeasureResponse[];
  @ApiProperty({ format: 'date-time' }) since!: Date;
  @ApiProperty({ ...time, description: 'Null: it is so still.' }) until!: Date | null;
}

export const stations = thingResource({
  name: 'stations',
  one: 'A station',
  decider: stationDecider,
  response: StationResponse,
  unknown: unknownStation,
  list: {
    summary: 'Stations, the newest first',
    description: 'Each as it is configured now. Retired ones too.',
  },
  filters: {
    name: member('name'),
    location: member('location'),
    unitId: filter(uuid, compares(`document ->> 'unitId'`)),
    deviceId: filter(
      uuid,
      (device) => (sql) =>
        `document -> 'devices' @> jsonb_build_array(jsonb_build_object('deviceId', ${sql.add(device)}::text))`,
      { description: 'Those that consist of the device too.' },
    ),
  },
});

export const configurations = defineResource({
  name: 'station-configurations',
  tag: 'lab',
  permission: 'lab.read',
  ready: visibleIn(labThings),
  response: StationConfigurationResponse,
  select: `number::float8, configuration, since, until`,
  from: `${labSchema}.station_configurations`,
  item: ({ number, configuration, since, until }) =>
    ({ number, ...(configuration as object), since, until }) as StationConfigurationResponse,
  list: {
    summary: 'What a station consisted of, the first configuration first',
    description: 'Open where it is so still.',
    filters: {
      at: filter(
        instant,
        (at) => (sql) => {
          const time = `${sql.add(at.toISOString())}::timestamptz`;
          return `since <= ${time} and (until is null or until > ${time})`;
        },
        { description: 'The one of this time.', example: '2026-03-01T08:00:00Z' },
      ),
    },
    order: [{ expression: 'number', type: 'bigint' }],
  },
});

export class StationsController extends resourceController(stations) {
  @ListRoute(configurations, ':id/configurations')
  configurations(
    @Param('id') id: string,
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const table = `${labSchema}.stations`;
    const of = { table, id, column: 'station_id', unknown: unknownStation };
    const { store } = this.reader;
    return answerList(store, belongingTo(configurations, of), query, request, reply);
  }
}
