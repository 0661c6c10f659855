import { Body, Controller, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import type { KeyTaken } from '#event-log/key/claim-key.js';
import { handleClaiming } from '#event-log/key/handle-claiming.js';
import { TextField } from '#http/body-fields.js';
import { Call, CommandGateway, type CommandHandler, type HttpCall } from '#http/command-gateway.js';
import { CommandRoute, OptionalReasonBody } from '#http/command-route.js';
import { Refusal } from '#kernel/refusal.js';

import type { SiteCommand } from './decider.js';
import { Sites } from './find-site.js';

const maxName = 100;
const maxDescription = 2_000;
const timeZone = {
  description: 'IANA name of the zone by whose days and months the site is read.',
  example: 'Europe/Brussels',
};

class RegisterSiteBody extends OptionalReasonBody {
  @TextField(maxName, { description: 'Unique among sites.', example: 'house-7' })
  name!: string;

  @TextField(100, timeZone)
  timeZone!: string;

  @TextField(maxDescription, { optional: true, example: 'Laboratory house with PV and battery' })
  description?: string;
}

class RenameSiteBody extends OptionalReasonBody {
  @TextField(maxName, { example: 'house-7a' })
  name!: string;
}

class DescribeSiteBody extends OptionalReasonBody {
  @TextField(maxDescription, { nullable: true, description: 'Null: none.' })
  description?: string | null;
}

class SetTimeZoneBody extends OptionalReasonBody {
  @TextField(100, timeZone)
  timeZone!: string;
}

@ApiTags('devices')
@ApiBearerAuth()
@Controller('v1/sites')
@RequirePermission('devices.write')
export class SiteController {
  constructor(
    private readonly gateway: CommandGateway,
    private readonly sites: Sites,
  ) {}

  @CommandRoute('', {
    status: 201,
    summary: 'Register a site',
    description: 'Its name is claimed: no two sites in use have the same one.',
  })
  register(@Body() body: RegisterSiteBody, @Call() call: HttpCall) {
    const { name, description = '' } = body;
    const data = { name, timeZone: knownTimeZone(body.timeZone), description };
    return this.gateway.handle(call, {
      on: this.claiming,
      body,
      command: (meta) => ({ type: 'RegisterSite', data, meta }),
    });
  }

  @CommandRoute(':id/rename', {
    summary: 'Rename a site',
    description: 'Another site may have the former name from then on.',
  })
  rename(@Param('id') id: string, @Body() body: RenameSiteBody, @Call() call: HttpCall) {
    const { name } = body;
    return this.gateway.handle(call, {
      on: this.claiming,
      id,
      body,
      command: (meta) => ({ type: 'RenameSite', data: { name }, meta }),
    });
  }

  @CommandRoute(':id/describe', {
    summary: 'Replace the description of a site',
    description: 'The former one stays in the history.',
  })
  describe(@Param('id') id: string, @Body() body: DescribeSiteBody, @Call() call: HttpCall) {
    const data = { description: body.description ?? '' };
    return this.gateway.handle(call, {
      on: this.sites.states,
      id,
      body,
      command: (meta) => ({ type: 'DescribeSite', data, meta }),
    });
  }

  @CommandRoute(':id/set-time-zone', {
    summary: 'Set the time zone of a site',
    description: 'Its days and months are read by it, past ones too.',
  })
  setTimeZone(@Param('id') id: string, @Body() body: SetTimeZoneBody, @Call() call: HttpCall) {
    const data = { timeZone: knownTimeZone(body.timeZone) };
    return this.gateway.handle(call, {
      on: this.sites.states,
      id,
      body,
      command: (meta) => ({ type: 'SetSiteTimeZone', data, meta }),
    });
  }

  @CommandRoute(':id/retire', {
    summary: 'Retire a site',
    description:
      'No device is attached to it any more, and its name is free; what was measured stays. Devices that are there stay attached until they are detached.',
  })
  retire(@Param('id') id: string, @Body() body: OptionalReasonBody, @Call() call: HttpCall) {
    return this.gateway.handle(call, {
      on: this.sites.states,
      id,
      body,
      command: (meta) => ({ type: 'RetireSite', data: {}, meta }),
    });
  }

  private readonly claiming: CommandHandler<SiteCommand> = (id, command, options) =>
    handleClaiming(this.sites.log, this.sites.states, nameTaken, id, command, options);
}

const nameTaken = ({ owner }: KeyTaken) =>
  new Refusal('SITE_NAME_TAKEN', 'conflict', 'another site has this name', {
    errors: [{ pointer: '/name', reason: 'expected a name that no other site has' }],
    siteId: owner,
  });

/** What this runtime knows as a zone; offsets, which know no daylight saving, are none. */
const knownTimeZone = (given: string): string => {
  try {
    if (!/^[+-]/.test(given)) {
      new Intl.DateTimeFormat('en', { timeZone: given });
      return given;
    }
  } catch {
    // Refused below.
  }
  throw new Refusal('TIME_ZONE_INVALID', 'invalid', `there is no time zone "${given}"`, {
    errors: [{ pointer: '/timeZone', reason: 'expected an IANA name such as Europe/Brussels' }],
  });
};
