import { Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import { cyclerDeviceDecider, unknownCyclerDevice } from '#battery-lab/device/decider.js';
import { calibrationOn, type CyclerDevice } from '#battery-lab/device/document.js';
import { calibratedQuantities, cyclerDeviceTypes } from '#battery-lab/device/events.js';
import type { Position } from '#event-log/event-log.js';
import { day, oneOf, position, uuid } from '#http/query-params.js';
import { wallNow } from '#kernel/wall-clock.js';
import { resourceController } from '#resource/controller.js';
import {
  type Parameters,
  Parametrized,
  type RawQuery,
  readParameters,
} from '#resource/parameters.js';
import { readOne } from '#resource/reading.js';
import { filter } from '#resource/resource.js';
import { compares } from '#resource/sql.js';

import { labSchema } from './lab-things.projection.js';
import { LabRangeResponse, member, thingResource, ThingResponse } from './thing.http.js';

const orNull = { nullable: true } as const;

class DeviceRangesResponse {
  @ApiProperty({ type: LabRangeResponse, ...orNull }) voltageV!: LabRangeResponse | null;
  @ApiProperty({ type: LabRangeResponse, ...orNull }) currentA!: LabRangeResponse | null;
  @ApiProperty({ type: LabRangeResponse, ...orNull }) powerW!: LabRangeResponse | null;
}

class AttachedResponse {
  @ApiProperty({ format: 'uuid' }) unitId!: string;
  @ApiProperty({ example: 'can0/19' }) linkName!: string;
  @ApiProperty({ format: 'date-time' }) at!: string;
}

class ChannelResponse {
  @ApiProperty({ enum: calibratedQuantities }) quantity!: (typeof calibratedQuantities)[number];
  @ApiProperty() factor!: number;
  @ApiProperty() offset!: number;
}

class CalibrationResponse {
  @ApiProperty({ example: 'C-2026-0117' }) certificate!: string;
  @ApiProperty({ format: 'date' }) calibratedOn!: string;
  @ApiProperty({ format: 'date' }) validUntil!: string;
  @ApiProperty({ type: [ChannelResponse] }) channels!: readonly ChannelResponse[];
}

class CyclerDeviceResponse extends ThingResponse implements CyclerDevice {
  @ApiProperty({ enum: cyclerDeviceTypes }) type!: CyclerDevice['type'];
  @ApiProperty({ example: 'WattRex' }) manufacturer!: string;
  @ApiProperty({ example: 'EPC A' }) model!: string;
  @ApiProperty({ example: '1042' }) serialNumber!: string;
  @ApiProperty({ type: String, ...orNull, description: 'As it was registered or said last.' })
  firmware!: string | null;
  @ApiProperty({ type: DeviceRangesResponse, ...orNull }) ranges!: DeviceRangesResponse | null;
  @ApiProperty({ type: AttachedResponse, ...orNull, description: 'Where it was found last.' })
  attached!: AttachedResponse | null;
  @ApiProperty({ type: [CalibrationResponse], description: 'As they were recorded.' })
  calibrations!: readonly CalibrationResponse[];
}

class CalibrationOnResponse {
  @ApiProperty({ format: 'uuid' }) deviceId!: string;
  @ApiProperty({ format: 'date' }) on!: string;
  @ApiProperty() isCalibrated!: boolean;
  @ApiProperty({ type: CalibrationResponse, ...orNull, description: 'The one that counts.' })
  calibration!: CalibrationResponse | null;
}

const calibratedOn = filter(
  day,
  (on) => (sql) => {
    const date = sql.add(on);
    return `exists (select from jsonb_array_elements(document -> 'calibrations') c
      where c ->> 'calibratedOn' <= ${date} and c ->> 'validUntil' >= ${date})`;
  },
  { description: 'Those whose readings count on this day.', example: '2026-06-01' },
);

const calibrationDueBy = filter(
  day,
  (by) => (sql) =>
    `(select max(c ->> 'validUntil') from jsonb_array_elements(document -> 'calibrations') c) < ${sql.add(by)}
      and document ->> 'status' = 'inUse'`,
  {
    ...{ description: 'Those in use whose last calibration counts no more on this day.' },
    example: '2027-03-01',
  },
);

export const devices = thingResource({
  name: 'cycler-devices',
  one: 'A device of the lab',
  decider: cyclerDeviceDecider,
  response: CyclerDeviceResponse,
  unknown: unknownCyclerDevice,
  list: {
    summary: 'Devices that drive or measure batteries, the newest first',
    description: 'Each with its calibrations. Retired ones too.',
  },
  filters: {
    type: filter(oneOf(...cyclerDeviceTypes), compares(`document ->> 'type'`)),
    manufacturer: member('manufacturer'),
    model: member('model'),
    serialNumber: member('serialNumber'),
    unitId: filter(uuid, compares(`document -> 'attached' ->> 'unitId'`), {
      description: 'Those that the unit found last.',
    }),
    stationId: filter(
      uuid,
      (station) => (sql) => `id in (select one ->> 'deviceId' from ${labSchema}.stations s,
        jsonb_array_elements(s.document -> 'devices') one
        where s.id = ${sql.add(station)} and s.document ->> 'status' = 'inUse')`,
      { description: 'Those of the station as it is.' },
    ),
    calibratedOn,
    calibrationDueBy,
  },
});

const parameters = {
  on: { parse: day, description: 'The day; today (UTC) unless given.', example: '2026-06-01' },
  after: { parse: position, description: 'Wait until this position is visible.' },
} satisfies Parameters;

export class CyclerDevicesController extends resourceController(devices) {
  @Get(':id/calibration')
  @RequirePermission('lab.read')
  @ApiOperation({
    summary: 'Whether a device is calibrated on a day',
    description: 'By the latest of the calibrations that count on it.',
  })
  @Parametrized(parameters)
  @ApiOkResponse({ type: CalibrationOnResponse })
  async calibration(
    @Param('id') deviceId: string,
    @Query() query: RawQuery,
  ): Promise<CalibrationOnResponse> {
    const given = readParameters<{ on?: string; after?: Position }>(query, parameters);
    const { store } = this.reader;
    await devices.ready(store, given.after);
    const device = await readOne(store.pool, devices, deviceId);
    if (!device) throw unknownCyclerDevice();
    const on = given.on ?? new Date(wallNow()).toISOString().slice(0, 10);
    const calibration = calibrationOn(device, on) ?? null;
    return { deviceId, on, isCalibrated: calibration !== null, calibration };
  }
}
