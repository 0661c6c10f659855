import { Body, Controller, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import { TextField } from '#http/body-fields.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import { CommandRoute, OptionalReasonBody } from '#http/command-route.js';

import { alarmDecider } from './decider.js';

class AcknowledgeAlarmBody extends OptionalReasonBody {
  @TextField(1_000, { nullable: true, description: 'For others.', example: 'on my way' })
  comment?: string | null;
}

@ApiTags('lab')
@ApiBearerAuth()
@Controller('v1/cycler-alarms')
@RequirePermission('lab.operate')
export class AlarmController {
  constructor(private readonly gateway: CommandGateway) {}

  @CommandRoute(':id/acknowledge', {
    summary: 'Say that one knows of an alarm',
    description: 'It ends when what it is about is over.',
  })
  acknowledge(@Param('id') id: string, @Body() body: AcknowledgeAlarmBody, @Call() call: HttpCall) {
    const { comment = null } = body;
    return this.gateway.handle(call, {
      ...{ on: alarmDecider, id, body },
      command: (meta) => ({ type: 'AcknowledgeAlarm', data: { comment }, meta }),
    });
  }
}
