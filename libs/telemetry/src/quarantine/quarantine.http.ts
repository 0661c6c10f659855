import { Body, Controller, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiProperty, ApiTags } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import { commandResponse, WriteResponse } from '#http/command-response.js';
import { CommandRoute, OptionalReasonBody, RequiredReasonBody } from '#http/command-route.js';
import { asUuid } from '#http/query-params.js';

import { unknownQuarantined } from './decider.js';
import { QuarantineProblem } from './quarantine-problem.http.js';
import { Replays } from './replays.js';

class ReplayedResponse extends WriteResponse {
  @ApiProperty({ enum: ['waiting', 'replayed'], description: '`waiting`: it is wrong still.' })
  readonly state!: string;
  @ApiProperty({
    type: [QuarantineProblem],
    description: 'What is wrong now; none where it was taken.',
  })
  readonly problems!: readonly QuarantineProblem[];
}

@ApiTags('quarantine')
@ApiBearerAuth()
@Controller('v1/quarantine')
@RequirePermission('quarantine.write')
export class QuarantineController {
  constructor(
    private readonly gateway: CommandGateway,
    private readonly replays: Replays,
  ) {}

  @CommandRoute(':id/replay', {
    summary: 'Take a message of the quarantine again',
    description:
      'By the way in which it came, as a fresh message, with what is known of device and series now. What is wrong ' +
      'still waits on with the new reason, and the rest of it is recorded. What was recorded before changes nothing.',
    answer: ReplayedResponse,
  })
  async replay(
    @Param('id') id: string,
    @Body() body: OptionalReasonBody,
    @Call() call: HttpCall,
  ): Promise<ReplayedResponse> {
    const { result } = await this.gateway.execute(call, {
      on: this.replays.handle,
      id: known(id),
      body,
      command: (meta) => ({ type: 'ReplayQuarantined', data: {}, meta }),
    });
    const { state } = result;
    return Object.assign(commandResponse(call.reply, id, result), {
      state: state.status,
      problems: state.status === 'waiting' ? state.message.problems : [],
    });
  }

  @CommandRoute(':id/discard', {
    summary: 'Give a message of the quarantine up',
    description: 'It is not wanted, for the reason that is given. Its bytes stay in the log.',
  })
  discard(@Param('id') id: string, @Body() body: RequiredReasonBody, @Call() call: HttpCall) {
    return this.gateway.handle(call, {
      on: this.replays.states,
      id: known(id),
      body,
      command: (meta) => ({ type: 'DiscardQuarantined', data: {}, meta }) as const,
    });
  }
}

/** Anything else names no message, and would only be read for nothing. */
const known = (id: string): string => {
  const found = asUuid(id);
  if (found === undefined) throw unknownQuarantined();
  return found;
};
