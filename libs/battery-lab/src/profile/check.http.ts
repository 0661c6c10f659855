import { Controller, Get, Param, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiTags,
} from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import { check, type Finding } from '#cycling/program/check.js';
import { estimate } from '#cycling/program/estimate.js';
import { integerFrom, queryInvalid, uuid } from '#http/query-params.js';
import { wallNow } from '#kernel/wall-clock.js';
import { type Parameters, Parametrized, readParameters } from '#resource/parameters.js';

import { calibrationOn, type CyclerDevice } from '../device/document.js';
import { benchOf } from '../station/bench.js';
import { Batteries, CyclerDevices, Profiles, Stations } from '../things.js';

class FindingResponse implements Finding {
  @ApiProperty({ description: 'JSON pointer into the program.', example: '/steps/0/until/0' })
  pointer!: string;
  @ApiProperty({ enum: ['error', 'warning'], description: 'With an error it must not start.' })
  severity!: Finding['severity'];
  @ApiProperty({ type: String, example: 'OUTSIDE_DEVICE_RANGE' }) code!: Finding['code'];
  @ApiProperty() message!: string;
}

class StepEstimateResponse {
  @ApiProperty({ description: 'Counts the steps as they are written, from 1.' }) stepId!: number;
  @ApiProperty() executions!: number;
  @ApiProperty({ description: 'Of all executions together, in s.' }) totalS!: number;
}

class EstimateResponse {
  @ApiProperty({ description: 'In s, by a cell that is made of the limits of the battery.' })
  totalS!: number;
  @ApiPropertyOptional({ description: 'In s; absent where no time ends one of the steps.' })
  atMostS?: number;
  @ApiProperty({ type: [StepEstimateResponse] }) steps!: readonly StepEstimateResponse[];
}

class ProfileCheckResponse {
  @ApiProperty({ format: 'uuid' }) profileId!: string;
  @ApiProperty({ description: 'The version that was checked.' }) version!: number;
  @ApiProperty({ description: 'Whether none of the findings is an error.' }) fits!: boolean;
  @ApiProperty({ type: [FindingResponse] }) findings!: readonly Finding[];
  @ApiProperty({ type: EstimateResponse, nullable: true, description: 'Null with errors.' })
  estimate!: EstimateResponse | null;
  @ApiProperty({
    type: [String],
    description: 'Devices of the station whose readings do not count today (UTC).',
  })
  notCalibrated!: readonly string[];
}

const parameters = {
  batteryId: { parse: uuid, description: 'The battery that it would run on. Required.' },
  stationId: { parse: uuid, description: 'The station that it would run at. Required.' },
  version: { parse: integerFrom(1, 1_000_000), description: 'The last one unless given.' },
} satisfies Parameters;

/** A question, which changes nothing. */
@ApiTags('lab')
@ApiBearerAuth()
@Controller('v1/profiles')
@RequirePermission('lab.read')
export class ProfileCheckController {
  constructor(
    private readonly profiles: Profiles,
    private readonly batteries: Batteries,
    private readonly stations: Stations,
    private readonly devices: CyclerDevices,
  ) {}

  @Get(':id/check')
  @ApiOperation({
    summary: 'Whether a profile fits a battery at a station, and how long it would take',
    description: 'As battery, station and devices are now; nothing is started.',
  })
  @Parametrized(parameters)
  @ApiOkResponse({ type: ProfileCheckResponse })
  async check(
    @Param('id') profileId: string,
    @Query() query: Record<string, unknown>,
  ): Promise<ProfileCheckResponse> {
    const asked = readParameters<Asked>(query, parameters);
    const { batteryId, stationId } = asked;
    if (batteryId === undefined || stationId === undefined) {
      const pointer = batteryId === undefined ? '?batteryId' : '?stationId';
      throw queryInvalid([{ pointer, reason: 'required: expected a UUID' }]);
    }
    const { version, program } = await this.profiles.version(profileId, asked.version);
    const battery = await this.batteries.find(batteryId);
    const station = await this.stations.find(stationId);
    const devices = new Map<string, CyclerDevice>();
    for (const { deviceId } of station.devices) {
      devices.set(deviceId, await this.devices.known(deviceId));
    }
    const bench = benchOf(battery, station, devices);
    const findings = check(program, bench);
    const fits = findings.every(({ severity }) => severity !== 'error');
    const today = new Date(wallNow()).toISOString().slice(0, 10);
    return {
      ...{ profileId, version, fits, findings },
      estimate: fits ? estimate(program, bench) : null,
      notCalibrated: [...devices]
        .filter(([, device]) => calibrationOn(device, today) === undefined)
        .map(([id]) => id),
    };
  }
}

interface Asked {
  readonly batteryId?: string;
  readonly stationId?: string;
  readonly version?: number;
}
