import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

import { batteryDecider, unknownBattery } from '#battery-lab/battery/decider.js';
import type { Battery } from '#battery-lab/battery/document.js';
import { bipolarPlates, membranes, polarities, technologies } from '#battery-lab/battery/events.js';
import { oneOf, uuid } from '#http/query-params.js';
import { resourceController } from '#resource/controller.js';
import { filter } from '#resource/resource.js';
import { compares } from '#resource/sql.js';

import { LabRangeResponse, member, thingResource, ThingResponse } from './thing.http.js';

class LimitsResponse {
  @ApiProperty({ description: 'Of the whole battery.' }) voltageV!: LabRangeResponse;
  @ApiProperty({ description: 'Positive charges.' }) currentA!: LabRangeResponse;
  @ApiProperty() temperatureC!: LabRangeResponse;
}

class ElectrolyteResponse {
  @ApiProperty({ enum: polarities }) polarity!: string;
  @ApiProperty() volumeL!: number;
  @ApiProperty() flowLPerMin!: LabRangeResponse;
}

class RedoxFlowResponse {
  @ApiProperty() electrodeAreaM2!: number;
  @ApiProperty({ type: String, nullable: true }) electrode!: string | null;
  @ApiProperty({ enum: bipolarPlates }) bipolarPlate!: string;
  @ApiProperty({ enum: membranes }) membrane!: string;
  @ApiProperty({ type: [ElectrolyteResponse] }) electrolytes!: readonly ElectrolyteResponse[];
}

class BatteryResponse extends ThingResponse implements Battery {
  @ApiProperty({ example: 'aged cell 7' }) name!: string;
  @ApiProperty() description!: string;
  @ApiProperty({ example: 'A123' }) manufacturer!: string;
  @ApiProperty({ example: 'ANR26650M1' }) model!: string;
  @ApiProperty({ example: 'K2-016' }) serialNumber!: string;
  @ApiProperty({ type: String, format: 'date', nullable: true }) manufacturedOn!: string | null;
  @ApiProperty({ enum: technologies }) technology!: Battery['technology'];
  @ApiProperty({ example: 'LFP' }) chemistry!: string;
  @ApiProperty({ type: RedoxFlowResponse, nullable: true }) redoxFlow!: Battery['redoxFlow'];
  @ApiProperty({ example: 2.3 }) nominalCapacityAh!: number;
  @ApiPropertyOptional({ description: 'Active material, in g; absent where nobody stated it.' })
  activeMassG?: number;
  @ApiProperty() cellsInSeries!: number;
  @ApiProperty({ type: LimitsResponse }) limits!: Battery['limits'];
  @ApiProperty({ type: String, nullable: true }) productId!: string | null;
}

export const batteries = thingResource({
  name: 'batteries',
  one: 'A battery',
  decider: batteryDecider,
  response: BatteryResponse,
  unknown: unknownBattery,
  list: { summary: 'Batteries of the lab, the newest first', description: 'Retired ones too.' },
  filters: {
    name: member('name'),
    manufacturer: member('manufacturer'),
    model: member('model'),
    serialNumber: member('serialNumber'),
    technology: filter(oneOf(...technologies), compares(`document ->> 'technology'`)),
    chemistry: member('chemistry'),
    productId: filter(uuid, compares(`document ->> 'productId'`)),
  },
});

export class BatteriesController extends resourceController(batteries) {}
