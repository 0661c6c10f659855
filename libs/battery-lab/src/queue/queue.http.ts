import { Body, Controller, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import { IdField, NumberField } from '#http/body-fields.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import { CommandRoute, OptionalReasonBody } from '#http/command-route.js';

import { maxWaiting, queueDecider } from './decider.js';

class MoveExperimentBody extends OptionalReasonBody {
  @IdField('the id of an experiment that waits for the station', {
    example: '0f9e7c1a-56a0-5a64-8c0b-3d9f2b6f8d11',
  })
  experimentId!: string;

  @NumberField(
    { min: 0, max: maxWaiting, whole: true },
    { description: 'How many are run before it.', example: 0 },
  )
  place!: number;
}

@ApiTags('lab')
@ApiBearerAuth()
@Controller('v1/stations')
@RequirePermission('lab.operate')
export class QueueController {
  constructor(private readonly gateway: CommandGateway) {}

  @CommandRoute(':id/move-experiment', {
    summary: 'Give a waiting experiment another place in the queue of its station',
    description: 'The experiment that runs is not touched.',
  })
  move(@Param('id') id: string, @Body() body: MoveExperimentBody, @Call() call: HttpCall) {
    const { experimentId, place } = body;
    return this.gateway.handle(call, {
      ...{ on: queueDecider, id, body },
      command: (meta) => ({ type: 'MoveExperiment', data: { experimentId, place }, meta }),
    });
  }
}
