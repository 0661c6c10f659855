import { ApiProperty } from '@nestjs/swagger';

import { cyclerDeviceTypes } from '#battery-lab/device/events.js';
import { unitDecider, unknownUnit } from '#battery-lab/unit/decider.js';
import type { Unit } from '#battery-lab/unit/document.js';
import { resourceController } from '#resource/controller.js';

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

export class UnitsController extends resourceController(units) {}
