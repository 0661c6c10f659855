import { Param, Query, Req, Res } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { cyclerDeviceTypes } from '#battery-lab/device/events.js';
import { unitDecider, unknownUnit } from '#battery-lab/unit/decider.js';
import type { Unit } from '#battery-lab/unit/document.js';
import { boolean } from '#http/query-params.js';
import { answerList } from '#resource/answer-list.js';
import { belongingTo } from '#resource/belonging-to.js';
import { resourceController } from '#resource/controller.js';
import type { RawQuery } from '#resource/parameters.js';
import { defineResource, filter, visibleIn } from '#resource/resource.js';
import { ListRoute } from '#resource/routes.js';

import { labSchema, labThings } from './lab-things.projection.js';
import { member, thingResource, ThingResponse } from './thing.http.js';

type Detected = NonNullable<Unit['detected']>;

class DetectedDeviceResponse {
  @ApiProperty({ enum: cyclerDeviceTypes }) type!: Detected['devices'][number]['type'];
  @ApiProperty() manufacturer!: string;
  @ApiProperty() model!: string;
  @ApiProperty() serialNumber!: string;
  @ApiProperty({ type: String, nullable: true }) firmware!: string | null;
  @ApiProperty({ example: 'can0/19' }) linkName!: string;
}

class DetectedResponse {
  @ApiProperty({ format: 'uuid' }) requestId!: string;
  @ApiProperty({ format: 'date-time' }) at!: string;
  @ApiProperty({ type: [DetectedDeviceResponse] }) devices!: readonly DetectedDeviceResponse[];
}

class UnitResponse extends ThingResponse implements Unit {
  @ApiProperty({ example: 'bench-pi-3' }) name!: string;
  @ApiProperty({ type: [String], description: 'Requests that it did not answer yet.' })
  openDetections!: readonly string[];
  @ApiProperty({ type: DetectedResponse, nullable: true, description: 'What it said last.' })
  detected!: DetectedResponse | null;
}

export const units = thingResource({
  name: 'units',
  one: 'A unit',
  decider: unitDecider,
  response: UnitResponse,
  unknown: unknownUnit,
  list: {
    summary: 'Units of the lab, the newest first',
    description: 'Each has the id of the device by which it connects. Retired ones too.',
  },
  filters: { name: member('name') },
});

class FoundDeviceResponse extends DetectedDeviceResponse {
  @ApiProperty({
    ...{ type: String, format: 'uuid', nullable: true },
    description: 'The registered device that says this of itself; null: it may be registered.',
  })
  deviceId!: string | null;
}

/** As the claimed key of a serial number is written. */
const plain = (json: string): string => `lower(regexp_replace(btrim(${json}), '\\s+', ' ', 'g'))`;
const isSame = ['manufacturer', 'model', 'serialNumber']
  .map((name) => `${plain(`c.document ->> '${name}'`)} = ${plain(`d.device ->> '${name}'`)}`)
  .join(' and ');

export const foundDevices = defineResource({
  name: 'detected-devices',
  tag: 'lab',
  permission: 'lab.read',
  ready: visibleIn(labThings),
  response: FoundDeviceResponse,
  select: 'device, device_id',
  from: `(select u.id || '/' || d.place as id, u.id as unit_id, d.place, d.device, c.id as device_id
    from ${labSchema}.units u,
      jsonb_array_elements(u.document -> 'detected' -> 'devices') with ordinality as d(device, place)
      left join ${labSchema}.cycler_devices c
        on c.document ->> 'status' = 'inUse' and ${isSame}) found`,
  item: ({ device, device_id: deviceId }) =>
    ({ ...(device as object), deviceId }) as unknown as FoundDeviceResponse,
  list: {
    summary: 'What a unit found at its links, and which of it the lab has',
    description:
      'Of its last answer. What is not registered is a candidate: it is registered by people alone.',
    filters: {
      registered: filter(boolean, (is) => () => `device_id is ${is ? 'not null' : 'null'}`, {
        description: 'false: those that may be registered.',
      }),
    },
    order: [{ expression: 'place', type: 'bigint' }],
  },
});

export class UnitsController extends resourceController(units) {
  @ListRoute(foundDevices, ':id/detected-devices')
  detectedDevices(
    @Param('id') id: string,
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const table = `${labSchema}.units`;
    const of = { table, id, column: 'unit_id', unknown: unknownUnit };
    const { store } = this.reader;
    return answerList(store, belongingTo(foundDevices, of), query, request, reply);
  }
}
