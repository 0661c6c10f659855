import { Body, Controller, Get, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiTags,
} from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import type { WriteResponse } from '#http/command-response.js';
import { CommandRoute, OptionalReasonBody, RequiredReasonBody } from '#http/command-route.js';
import { readQuery } from '#http/query-params.js';
import { IsText } from '#http/validation.js';
import type { CommandMeta } from '#kernel/command.js';
import { Refusal } from '#kernel/refusal.js';
import { ReadStore } from '#read-store/read-store.js';

import { Publication } from '../fact.js';
import { type RelayCommand, relayDecider } from './decider.js';
import { relayId } from './events.js';
import { readStatus } from './status-row.js';

class PausedResponse {
  @ApiProperty({ description: 'Who: a principal.' }) by!: string;
  @ApiProperty({ type: String, nullable: true }) reason!: string | null;
  @ApiProperty({ format: 'date-time' }) at!: string;
}

class RelayResponse {
  @ApiProperty({
    enum: ['starting', 'working', 'standby', 'paused', 'waiting', 'stopped', 'down', 'absent'],
    description:
      '`waiting`: something fails and is retried. `stopped`: Kafka does not hold what was written, an operator decides. `down`: it has not written its status for 10 s. `absent`: none ever ran.',
  })
  state!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) since!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'Why, where it does not work.' })
  reason!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'The process that wrote the status.' })
  holder!: string | null;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Position in the log through which everything is on Kafka.',
  })
  position!: string | null;
  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Facts that are not on Kafka yet; null where there are too many to count.',
  })
  pending!: number | null;
  @ApiProperty({ type: Number, nullable: true, description: 'Age of the oldest of them.' })
  lagSeconds!: number | null;
  @ApiProperty({ description: 'Facts since the process began.' }) published!: number;
  @ApiProperty({ description: 'Since the process began.' }) transactions!: number;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) publishedAt!: string | null;
  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Last sign of life.',
  })
  notedAt!: string | null;
  @ApiProperty({
    type: PausedResponse,
    nullable: true,
    description: 'Set while it is to pause, whether it has paused yet or not.',
  })
  paused!: PausedResponse | null;
}

class ResetTopicBody extends RequiredReasonBody {
  @ApiProperty({ example: 'voltrace.product-registry.v1' })
  @IsText(249)
  topic!: string;
}

@ApiTags('operations')
@ApiBearerAuth()
@Controller('v1/fanout/relay')
export class RelayController {
  constructor(
    private readonly store: ReadStore,
    private readonly log: EsdbEventLog,
    private readonly publication: Publication,
    private readonly gateway: CommandGateway,
  ) {}

  @Get()
  @RequirePermission('fanout.read')
  @ApiOperation({
    summary: 'Status of the relay that publishes the log to Kafka',
    description:
      'State, reason, the position up to which the log is published, and how much is not yet.',
  })
  @ApiOkResponse({ type: RelayResponse })
  async status(@Query() query: Record<string, unknown>): Promise<RelayResponse> {
    readQuery(query, {});
    return readStatus(this.store, this.log, this.publication);
  }

  @CommandRoute('pause', {
    status: 202,
    summary: 'Pause the relay, also over restarts',
    description:
      'For maintenance of the cluster. The log goes on; what is not published waits there.',
  })
  @RequirePermission('fanout.manage')
  pause(@Body() body: RequiredReasonBody, @Call() call: HttpCall): Promise<WriteResponse> {
    return this.request(call, body, { type: 'PauseRelay', data: {} });
  }

  @CommandRoute('resume', {
    status: 202,
    summary: 'Have the relay go on from its position',
    description:
      'Nothing was lost meanwhile: the relay publishes what the log has after its position.',
  })
  @RequirePermission('fanout.manage')
  resume(@Body() body: OptionalReasonBody, @Call() call: HttpCall): Promise<WriteResponse> {
    return this.request(call, body, { type: 'ResumeRelay', data: {} });
  }

  @CommandRoute('reset', {
    status: 202,
    summary: 'Have a topic completed from what it holds',
    description:
      'For a topic that was deleted, made anew or lost records, and for a position topic that was: the topic is made where it is missing, each of its partitions is read for its last fact, and what the log has after that is published.',
  })
  @RequirePermission('fanout.manage')
  @ApiNotFoundResponse({ description: 'TOPIC_NOT_FOUND' })
  reset(@Body() body: ResetTopicBody, @Call() call: HttpCall): Promise<WriteResponse> {
    const { topic } = body;
    const topics = this.publication.contracts.map((contract) => contract.topic);
    if (!topics.includes(topic)) {
      throw new Refusal(
        'TOPIC_NOT_FOUND',
        'not-found',
        `the relay has no topic ${topic}; it has ${topics.join(', ')}`,
      );
    }
    return this.request(call, body, { type: 'ResetRelayTopic', data: { topic } });
  }

  private request(
    call: HttpCall,
    body: OptionalReasonBody,
    intent: Pick<RelayCommand, 'type' | 'data'>,
  ): Promise<WriteResponse> {
    const command = (meta: CommandMeta) => ({ ...intent, meta }) as RelayCommand;
    return this.gateway.handle(call, {
      ...{ on: relayDecider, id: relayId, shownId: 'relay', body, command },
    });
  }
}
