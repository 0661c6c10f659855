import { Body, Controller, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import type { KeyTaken } from '#event-log/key/claim-key.js';
import { handleClaiming } from '#event-log/key/handle-claiming.js';
import { IdField, InstantField, PatternField, TextField } from '#http/body-fields.js';
import { Call, CommandGateway, type CommandHandler, type HttpCall } from '#http/command-gateway.js';
import { CommandRoute, OptionalReasonBody } from '#http/command-route.js';
import { Refusal } from '#kernel/refusal.js';

import { shortName, shortNameExpected } from '../short-name.js';
import { Sites } from '../site/find-site.js';
import type { DeviceCommand } from './decider.js';
import { Devices } from './find-device.js';

const site = { example: '0a5f0f59-6a51-5f50-8a6e-9a0f6f3f7b11' };
const productDescription =
  'Product of the registry that the device is one of. It is taken as it is given.';
const at = {
  optional: true,
  description: 'From when on it is so; absent: from now on.',
  example: '2026-03-01T00:00:00Z',
};

class RegisterDeviceBody extends OptionalReasonBody {
  @TextField(100, { description: 'What kind of device it is.', example: 'egauge' })
  type!: string;

  @TextField(100, { nullable: true, description: 'Unique among devices of the type.' })
  serialNumber?: string | null;

  @IdField('the id of a product', { nullable: true, description: productDescription })
  productId?: string | null;

  @IdField('the id of a site', {
    ...{ ...site, optional: true },
    description: 'Site that it is attached to, with `name`; absent: to none yet.',
  })
  siteId?: string;

  @PatternField(shortName, shortNameExpected, {
    ...{ optional: true, description: 'Its name at the site.', example: 'egauge' },
  })
  name?: string;

  @InstantField(at)
  at?: string;
}

class AttachDeviceBody extends OptionalReasonBody {
  @IdField('the id of a site', site)
  siteId!: string;

  @PatternField(shortName, shortNameExpected, {
    ...{ description: 'Unique within the site.', example: 'egauge' },
  })
  name!: string;

  @InstantField(at)
  at?: string;
}

class DetachDeviceBody extends OptionalReasonBody {
  @InstantField(at)
  at?: string;
}

class RenameDeviceBody extends OptionalReasonBody {
  @PatternField(shortName, shortNameExpected, { example: 'egauge_cellar' })
  name!: string;
}

class SetProductBody extends OptionalReasonBody {
  @IdField('the id of a product', { nullable: true, description: productDescription })
  productId?: string | null;
}

@ApiTags('devices')
@ApiBearerAuth()
@Controller('v1/devices')
@RequirePermission('devices.write')
export class DeviceController {
  constructor(
    private readonly gateway: CommandGateway,
    private readonly devices: Devices,
    private readonly sites: Sites,
  ) {}

  @CommandRoute('', {
    status: 201,
    summary: 'Register a device',
    description:
      'With `siteId` and `name` it is attached to the site at once. Both the name within the site and the serial number within the type are claimed.',
  })
  register(@Body() body: RegisterDeviceBody, @Call() call: HttpCall) {
    const { type, serialNumber = null, siteId, name } = body;
    if ((siteId === undefined) !== (name === undefined)) throw halfPlace(siteId === undefined);
    const place =
      siteId === undefined || name === undefined
        ? null
        : { siteId: siteId.toLowerCase(), name, at: utc(body.at) };
    const data = { type, serialNumber, productId: body.productId?.toLowerCase() ?? null, place };
    return this.gateway.handle(call, {
      on: this.claiming,
      body,
      command: async (meta) => {
        if (place) await this.sites.find(place.siteId);
        return { type: 'RegisterDevice', data, meta } as const;
      },
    });
  }

  @CommandRoute(':id/attach', {
    summary: 'Attach a device to a site',
    description: 'By a name that is its own there. A device is at one site at a time.',
  })
  attach(@Param('id') id: string, @Body() body: AttachDeviceBody, @Call() call: HttpCall) {
    const { name } = body;
    const data = { siteId: body.siteId.toLowerCase(), name, at: utc(body.at) };
    return this.gateway.handle(call, {
      on: this.claiming,
      id,
      body,
      command: async (meta) => {
        await this.sites.find(data.siteId);
        return { type: 'AttachDevice', data, meta } as const;
      },
    });
  }

  @CommandRoute(':id/detach', {
    summary: 'Detach a device from its site',
    description: 'Its name there is free from then on.',
  })
  detach(@Param('id') id: string, @Body() body: DetachDeviceBody, @Call() call: HttpCall) {
    const data = { at: utc(body.at) };
    return this.change(call, id, body, (meta) => ({ type: 'DetachDevice', data, meta }));
  }

  @CommandRoute(':id/rename', {
    summary: 'Rename a device at its site',
    description: 'Another device of the site may have the former name from then on.',
  })
  rename(@Param('id') id: string, @Body() body: RenameDeviceBody, @Call() call: HttpCall) {
    const data = { name: body.name };
    return this.gateway.handle(call, {
      on: this.claiming,
      id,
      body,
      command: (meta) => ({ type: 'RenameDevice', data, meta }),
    });
  }

  @CommandRoute(':id/set-product', {
    summary: 'Say of which product of the registry a device is one',
    description: 'Null or absent: of none.',
  })
  setProduct(@Param('id') id: string, @Body() body: SetProductBody, @Call() call: HttpCall) {
    const data = { productId: body.productId?.toLowerCase() ?? null };
    return this.change(call, id, body, (meta) => ({ type: 'SetDeviceProduct', data, meta }));
  }

  @CommandRoute(':id/retire', {
    summary: 'Retire a device',
    description:
      'It is detached, sends nothing any more and cannot connect; its name and serial number are free. What it measured stays.',
  })
  retire(@Param('id') id: string, @Body() body: OptionalReasonBody, @Call() call: HttpCall) {
    return this.change(call, id, body, (meta) => ({ type: 'RetireDevice', data: {}, meta }));
  }

  /** A command that takes no key. */
  private change(
    call: HttpCall,
    id: string,
    body: OptionalReasonBody,
    command: (meta: DeviceCommand['meta']) => DeviceCommand,
  ) {
    return this.gateway.handle(call, { on: this.devices.states, id, body, command });
  }

  private readonly claiming: CommandHandler<DeviceCommand> = (id, command, options) =>
    handleClaiming(this.devices.log, this.devices.states, keyTaken, id, command, options);
}

const utc = (given: string | undefined): string | null =>
  given === undefined ? null : new Date(given).toISOString();

const halfPlace = (lacksSite: boolean) =>
  new Refusal('PLACE_INCOMPLETE', 'invalid', 'a device is attached to a site by a name', {
    errors: [
      lacksSite
        ? { pointer: '/siteId', reason: 'expected the site beside the name' }
        : { pointer: '/name', reason: 'expected a name beside the site' },
    ],
  });

const keyTaken = ({ key: { kind }, owner }: KeyTaken) =>
  kind === 'device-name'
    ? new Refusal('DEVICE_NAME_TAKEN', 'conflict', 'another device of the site has this name', {
        errors: [{ pointer: '/name', reason: 'expected a name that no device of the site has' }],
        deviceId: owner,
      })
    : new Refusal(
        'SERIAL_NUMBER_TAKEN',
        'conflict',
        'another device of this type has this serial number',
        {
          errors: [
            { pointer: '/serialNumber', reason: 'expected one that no device of the type has' },
          ],
          deviceId: owner,
        },
      );
