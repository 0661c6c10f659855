import { Body, Controller, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import {
  ChoiceField,
  DayField,
  NumberField,
  ObjectField,
  ObjectsField,
  TextField,
} from '#http/body-fields.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import { CommandRoute, OptionalReasonBody } from '#http/command-route.js';

import { RangeField, rangeOrNull } from '../bodies.http.js';
import type { Range } from '../ranges.js';
import { CyclerDevices } from '../things.js';
import type { Calibration, CyclerDevice } from './document.js';
import { calibratedQuantities, cyclerDeviceTypes } from './events.js';

const range = (unit: string, example: Range) =>
  RangeField(unit, {
    description: 'Null: it neither drives nor measures this.',
    example,
    nullable: true,
  });

class DeviceRangesBody {
  @range('V', { min: 0, max: 6 })
  voltageV?: Range | null;

  @range('A', { min: -15, max: 15 })
  currentA?: Range | null;

  @range('W', { min: -90, max: 90 })
  powerW?: Range | null;
}

class RegisterCyclerDeviceBody extends OptionalReasonBody {
  @ChoiceField(cyclerDeviceTypes, {
    description: '`cycler`: a converter that charges and discharges.',
    example: 'cycler',
  })
  type!: CyclerDevice['type'];

  @TextField(100, { example: 'WattRex' })
  manufacturer!: string;

  @TextField(100, { example: 'EPC A' })
  model!: string;

  @TextField(100, { description: 'Unique for manufacturer and model.', example: '1042' })
  serialNumber!: string;

  @TextField(100, { nullable: true, description: 'Version of its firmware.', example: '2.1' })
  firmware?: string | null;

  @ObjectField(DeviceRangesBody, 'the ranges of the device', {
    ...{ optional: true, description: 'Which programs fit; absent: nobody said.' },
  })
  ranges?: DeviceRangesBody;
}

class CalibratedChannelBody {
  @ChoiceField(calibratedQuantities, { example: 'voltage' })
  quantity!: Calibration['channels'][number]['quantity'];

  @NumberField({}, { description: 'What a reading is multiplied by.', example: 1.0004 })
  factor!: number;

  @NumberField({}, { description: 'What is added then, in the SI unit.', example: -0.0012 })
  offset!: number;
}

class RecordCalibrationBody extends OptionalReasonBody {
  @TextField(100, { description: 'Number of the certificate.', example: 'C-2026-0117' })
  certificate!: string;

  @DayField({ example: '2026-02-11' })
  calibratedOn!: string;

  @DayField({ description: 'Last day on which its readings count.', example: '2027-02-10' })
  validUntil!: string;

  @ObjectsField(
    CalibratedChannelBody,
    { max: 100 },
    {
      description: 'What was found of each channel.',
    },
  )
  channels!: readonly CalibratedChannelBody[];
}

@ApiTags('lab')
@ApiBearerAuth()
@Controller('v1/cycler-devices')
@RequirePermission('lab.write')
export class CyclerDeviceController {
  constructor(
    private readonly gateway: CommandGateway,
    private readonly devices: CyclerDevices,
  ) {}

  @CommandRoute('', {
    status: 201,
    summary: 'Register a device of the lab',
    description:
      'What drives or measures batteries. Its serial number is claimed for its manufacturer and model.',
  })
  register(@Body() body: RegisterCyclerDeviceBody, @Call() call: HttpCall) {
    const { type, manufacturer, model, serialNumber, firmware = null, ranges } = body;
    const data = {
      ...{ type, manufacturer, model, serialNumber, firmware },
      ranges: ranges
        ? {
            voltageV: rangeOrNull(ranges.voltageV),
            currentA: rangeOrNull(ranges.currentA),
            powerW: rangeOrNull(ranges.powerW),
          }
        : null,
    };
    return this.gateway.handle(call, {
      ...{ on: this.devices.handle, body },
      command: (meta) => ({ type: 'RegisterCyclerDevice', data, meta }),
    });
  }

  @CommandRoute(':id/record-calibration', {
    summary: 'Record that a device was calibrated',
    description: 'A certificate that was recorded already changes nothing.',
  })
  recordCalibration(
    @Param('id') id: string,
    @Body() body: RecordCalibrationBody,
    @Call() call: HttpCall,
  ) {
    const { certificate, calibratedOn, validUntil } = body;
    const channels = body.channels.map(({ quantity, factor, offset }) => {
      return { quantity, factor, offset };
    });
    const data = { certificate, calibratedOn, validUntil, channels };
    return this.gateway.handle(call, {
      ...{ on: this.devices.handle, id, body },
      command: (meta) => ({ type: 'CalibrateCyclerDevice', data, meta }),
    });
  }

  @CommandRoute(':id/retire', {
    summary: 'Retire a device of the lab',
    description:
      'Refused while it belongs to a station that is in use. Its serial number is free then.',
  })
  retire(@Param('id') id: string, @Body() body: OptionalReasonBody, @Call() call: HttpCall) {
    return this.gateway.handle(call, {
      ...{ on: this.devices.handle, id, body },
      command: (meta) => ({ type: 'RetireCyclerDevice', data: {}, meta }),
    });
  }
}
