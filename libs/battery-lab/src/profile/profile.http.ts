import { Body, Controller, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import { JsonField, LinesField, ObjectsField, TextField } from '#http/body-fields.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import { CommandRoute, OptionalReasonBody } from '#http/command-route.js';

import { Profiles } from '../things.js';
import { type NamedFile, programOf } from './program-of.js';

const longest = 200_000;

class DriveFileBody implements NamedFile {
  @TextField(100, { description: 'By which steps follow it.', example: 'us06' })
  name!: string;

  @LinesField(longest, {
    description:
      'Lines with a header that names time and current, power or voltage, such as `time_s,current_a`; positive charges.',
    example: 'time_s,current_a\n0,0\n1,-2.5\n2,1\n',
  })
  csv!: string;
}

class ReviseProfileBody extends OptionalReasonBody {
  @JsonField('an object with steps', {
    optional: true,
    description: 'The program. Instead of it, `text` or `sentences` may say it.',
    example: {
      steps: [
        { do: 'cccv', cRate: 0.5, voltageV: 3.6, until: [{ currentA: 0.05 }] },
        { do: 'cc', cRate: -1, until: [{ voltageV: 2.5 }] },
      ],
    },
  })
  program?: object;

  @LinesField(longest, {
    optional: true,
    description:
      'Instead of the program: an instruction per line, `WAIT, 600` or `CC, 2.0, VOLTAGE, 4.2`, in V, A, W and s.',
  })
  text?: string;

  @LinesField(longest, {
    optional: true,
    description:
      'Instead of the program: a sentence per line, "Charge at C/10 for 1 h or until 4.1 V", "Rest for 30 min".',
  })
  sentences?: string;

  @ObjectsField(
    DriveFileBody,
    { max: 10 },
    {
      optional: true,
      description:
        'Files of drive cycles, whose points become part of the program. A step of it follows one as `{"do": "drive", "file": "us06", "scale": -1}`, a sentence as ' +
        '`Follow "us06" times -1`. Alone, one file is the program.',
    },
  )
  drives?: readonly DriveFileBody[];
}

class DefineProfileBody extends ReviseProfileBody {
  @TextField(100, { description: 'Unique among profiles in use.', example: 'CC-CV ageing' })
  name!: string;

  @TextField(2_000, { nullable: true, description: 'What it is for.' })
  description?: string | null;
}

@ApiTags('lab')
@ApiBearerAuth()
@Controller('v1/profiles')
@RequirePermission('lab.write')
export class ProfileController {
  constructor(
    private readonly gateway: CommandGateway,
    private readonly profiles: Profiles,
  ) {}

  @CommandRoute('', {
    status: 201,
    summary: 'Define a profile',
    description: 'A named program that batteries are tested by; this is its version 1.',
  })
  define(@Body() body: DefineProfileBody, @Call() call: HttpCall) {
    const { name, description } = body;
    const data = { name, description: description ?? '', ...programOf(body) };
    return this.gateway.handle(call, {
      ...{ on: this.profiles.handle, body },
      command: (meta) => ({ type: 'DefineProfile', data, meta }),
    });
  }

  @CommandRoute(':id/revise', {
    summary: 'Give a profile another program',
    description: 'As a new version; the same program changes nothing.',
  })
  revise(@Param('id') id: string, @Body() body: ReviseProfileBody, @Call() call: HttpCall) {
    const data = programOf(body);
    return this.gateway.handle(call, {
      ...{ on: this.profiles.handle, id, body },
      command: (meta) => ({ type: 'ReviseProfile', data, meta }),
    });
  }

  @CommandRoute(':id/retire', {
    summary: 'Retire a profile',
    description: 'No new experiment runs by it; its versions stay and its name is free.',
  })
  retire(@Param('id') id: string, @Body() body: OptionalReasonBody, @Call() call: HttpCall) {
    return this.gateway.handle(call, {
      ...{ on: this.profiles.handle, id, body },
      command: (meta) => ({ type: 'RetireProfile', data: {}, meta }),
    });
  }
}
