import { Body, Controller, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiProperty, ApiTags } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import { IdField, TextField } from '#http/body-fields.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import { commandResponse, WriteResponse } from '#http/command-response.js';
import { CommandRoute, OptionalReasonBody } from '#http/command-route.js';

import { RenameThingBody } from '../bodies.http.js';
import { LabLookups } from '../lookups.js';
import { Units } from '../things.js';

class RegisterUnitBody extends OptionalReasonBody {
  @IdField('the id of a device of the link', {
    description:
      'The device by whose credential the unit connects. The id of the unit is the same.',
    example: '6d5c1c52-8b1e-5d5b-a0e4-5c7f4f3f1a10',
  })
  deviceId!: string;

  @TextField(100, { description: 'Unique among units in use.', example: 'bench-pi-3' })
  name!: string;
}

class DetectionResponse extends WriteResponse {
  @ApiProperty({ format: 'uuid', description: 'Named by the answer of the unit too.' })
  readonly requestId!: string;
}

@ApiTags('lab')
@ApiBearerAuth()
@Controller('v1/units')
@RequirePermission('lab.write')
export class UnitController {
  constructor(
    private readonly gateway: CommandGateway,
    private readonly units: Units,
    private readonly lookups: LabLookups,
  ) {}

  @CommandRoute('', {
    status: 201,
    summary: 'Register a unit of the lab',
    description:
      'A computer that connects as a device and runs programs on what hangs on its links.',
  })
  register(@Body() body: RegisterUnitBody, @Call() call: HttpCall) {
    const id = body.deviceId.toLowerCase();
    const data = { name: body.name };
    call.reply.header('location', `/v1/units/${id}`);
    return this.gateway.handle(call, {
      ...{ on: this.units.handle, id, body },
      command: async (meta) => {
        await this.lookups.requireDevice(id);
        return { type: 'RegisterUnit', data, meta } as const;
      },
    });
  }

  @CommandRoute(':id/rename', {
    summary: 'Rename a unit',
    description: 'Another unit may have the former name from then on.',
  })
  rename(@Param('id') id: string, @Body() body: RenameThingBody, @Call() call: HttpCall) {
    const data = { name: body.name };
    return this.gateway.handle(call, {
      ...{ on: this.units.handle, id, body },
      command: (meta) => ({ type: 'RenameUnit', data, meta }),
    });
  }

  @CommandRoute(':id/request-detection', {
    status: 202,
    summary: 'Ask a unit which devices hang on its links',
    description:
      'Its answer stands in `detected` of the unit, by the id of the request. Registered devices are attached or detached by it; others stand in `detected-devices`, for who registers them.',
    answer: DetectionResponse,
  })
  async requestDetection(
    @Param('id') id: string,
    @Body() body: OptionalReasonBody,
    @Call() call: HttpCall,
  ): Promise<DetectionResponse> {
    const { command, result } = await this.gateway.execute(call, {
      ...{ on: this.units.handle, id, body },
      command: (meta) => {
        const data = { requestId: meta.commandId };
        return { type: 'RequestDetection', data, meta } as const;
      },
    });
    const { revision, position } = commandResponse(call.reply, id, result);
    return { id, revision, position, ...command.data };
  }

  @CommandRoute(':id/retire', {
    summary: 'Retire a unit',
    description: 'No station is configured with it any more; its name is free.',
  })
  retire(@Param('id') id: string, @Body() body: OptionalReasonBody, @Call() call: HttpCall) {
    return this.gateway.handle(call, {
      ...{ on: this.units.handle, id, body },
      command: (meta) => ({ type: 'RetireUnit', data: {}, meta }),
    });
  }
}
