import { Body, Controller, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiProperty, ApiTags } from '@nestjs/swagger';
import { IsObject } from 'class-validator';

import { RequirePermission } from '#access/require-permission.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import { CommandRoute, OptionalReasonBody } from '#http/command-route.js';

import { Devices } from '../device/find-device.js';
import { type Configuration, configurationHash } from './configuration-hash.js';
import { configurationDecider } from './decider.js';

class ConfigureBody extends OptionalReasonBody {
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description:
      'Settings by name, all of them. A secret is a reference, `{"$secret": "<name>"}`, never a value.',
    example: { pollSeconds: 4, token: { $secret: 'house-7-sonnen' } },
  })
  @IsObject({ message: 'expected an object of settings by name' })
  configuration!: Configuration;
}

@ApiTags('devices')
@ApiBearerAuth()
@Controller('v1/devices')
@RequirePermission('devices.write')
export class ConfigurationController {
  constructor(
    private readonly gateway: CommandGateway,
    private readonly devices: Devices,
  ) {}

  @CommandRoute(':id/configure', {
    summary: 'Say with which configuration a device should run',
    description:
      'It replaces the former one as a whole and gets the next version. The device is told, and answers what it runs with.',
  })
  configure(@Param('id') id: string, @Body() body: ConfigureBody, @Call() call: HttpCall) {
    const { configuration } = body;
    const data = { configuration, hash: configurationHash(configuration) };
    return this.gateway.handle(call, {
      on: configurationDecider,
      id,
      body,
      command: async (meta) => {
        await this.devices.find(id);
        return { type: 'DesireConfiguration', data, meta } as const;
      },
    });
  }
}
