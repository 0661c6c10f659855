import { Body, Controller, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import { ChoiceField, IdField, InstantField, ObjectsField, TextField } from '#http/body-fields.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import { CommandRoute, OptionalReasonBody } from '#http/command-route.js';

import { CyclerDevices, Stations, Units } from '../things.js';
import type { Station } from './document.js';
import { deviceRoles } from './events.js';

const device = '2f0c6c3e-9f4b-5d0e-8a55-6a1b2c3d4e5f';
const at = {
  optional: true,
  description: 'From when on it is so; absent: from now on.',
  example: '2026-03-01T08:00:00Z',
};

class StationDeviceBody {
  @IdField('the id of a device of the lab', { example: device })
  deviceId!: string;

  @ChoiceField(deviceRoles, {
    description:
      'power: charges and discharges; source: charges; load: discharges; measurement: measures.',
    example: 'power',
  })
  role!: Station['devices'][number]['role'];
}

class MeasureBody {
  @TextField(100, { description: 'Unique within the station.', example: 'temp_body' })
  name!: string;

  @IdField('the id of a device of the station', { example: device })
  deviceId!: string;

  @TextField(100, { description: 'What the device calls it.', example: 'temp_body' })
  channel!: string;

  @TextField(40, {
    ...{ nullable: true, example: 'degC' },
    description: 'Of its values. Limits and ends by temperature need a measure in degC.',
  })
  unit?: string | null;
}

class ReconfigureStationBody extends OptionalReasonBody {
  @TextField(200, { nullable: true, example: 'Room 2, climate chamber 1' })
  location?: string | null;

  @IdField('the id of a unit', { example: '6d5c1c52-8b1e-5d5b-a0e4-5c7f4f3f1a10' })
  unitId!: string;

  @ObjectsField(
    StationDeviceBody,
    { min: 1, max: 50 },
    {
      description: 'All of them. A device is at one station at a time.',
    },
  )
  devices!: readonly StationDeviceBody[];

  @ObjectsField(
    MeasureBody,
    { max: 200 },
    {
      description: 'What is recorded besides voltage and current.',
    },
  )
  measures!: readonly MeasureBody[];

  @InstantField(at)
  at?: string;
}

class RegisterStationBody extends ReconfigureStationBody {
  @TextField(100, { description: 'Unique among stations in use.', example: 'station 4' })
  name!: string;
}

class RetireStationBody extends OptionalReasonBody {
  @InstantField(at)
  at?: string;
}

@ApiTags('lab')
@ApiBearerAuth()
@Controller('v1/stations')
@RequirePermission('lab.write')
export class StationController {
  constructor(
    private readonly gateway: CommandGateway,
    private readonly stations: Stations,
    private readonly units: Units,
    private readonly devices: CyclerDevices,
  ) {}

  @CommandRoute('', {
    status: 201,
    summary: 'Register a station',
    description:
      'A place at which one battery at a time is tested. It claims its name and its devices.',
  })
  register(@Body() body: RegisterStationBody, @Call() call: HttpCall) {
    const data = { name: body.name, ...configurationOf(body) };
    return this.gateway.handle(call, {
      ...{ on: this.stations.handle, body },
      command: async (meta) => {
        await this.requireParts(data);
        return { type: 'RegisterStation', data, meta };
      },
    });
  }

  @CommandRoute(':id/reconfigure', {
    summary: 'Say what a station consists of from now on',
    description:
      'The whole of it; what it consisted of before stays known. Refused while it has an experiment. Devices that it leaves are free.',
  })
  reconfigure(
    @Param('id') id: string,
    @Body() body: ReconfigureStationBody,
    @Call() call: HttpCall,
  ) {
    const data = configurationOf(body);
    return this.gateway.handle(call, {
      ...{ on: this.stations.handle, id, body },
      command: async (meta) => {
        await this.requireParts(data);
        return { type: 'ReconfigureStation', data, meta };
      },
    });
  }

  @CommandRoute(':id/retire', {
    summary: 'Retire a station',
    description:
      'Refused while it has an experiment. Its name and its devices are free then; what still waits for it fails at its turn.',
  })
  retire(@Param('id') id: string, @Body() body: RetireStationBody, @Call() call: HttpCall) {
    const data = { at: utc(body.at) };
    return this.gateway.handle(call, {
      ...{ on: this.stations.handle, id, body },
      command: (meta) => ({ type: 'RetireStation', data, meta }),
    });
  }

  /** Throws where one of them is unknown or retired. */
  private async requireParts({ unitId, devices }: ReturnType<typeof configurationOf>) {
    await this.units.find(unitId);
    for (const { deviceId } of devices) await this.devices.find(deviceId);
  }
}

const utc = (given: string | undefined): string | null =>
  given === undefined ? null : new Date(given).toISOString();

const configurationOf = ({
  location,
  unitId,
  devices,
  measures,
  at: given,
}: ReconfigureStationBody) => ({
  ...{ location: location ?? '', unitId: unitId.toLowerCase(), at: utc(given) },
  devices: devices.map(({ deviceId, role }) => ({ deviceId: deviceId.toLowerCase(), role })),
  measures: measures.map(({ name, deviceId, channel, unit = null }) => ({
    ...{ name, deviceId: deviceId.toLowerCase(), channel, unit },
  })),
});
