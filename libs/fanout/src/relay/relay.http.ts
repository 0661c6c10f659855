import { Body, Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiBody,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { commandResponse, type WriteResponse } from '#http/command-response.js';
import { readQuery } from '#http/query-params.js';
import { commandMeta } from '#http/request-context.js';
import { IsText, MayBeMissing } from '#http/validation.js';
import { ReadStore } from '#read-store/read-store.js';

import { Publication } from '../fact.js';
import { RelayAdmin } from './relay-admin.js';
import { relayStatus } from './relay-status.js';

class PausedResponse {
  @ApiProperty({ description: 'Who: a principal.' }) by!: string;
  @ApiProperty({ type: String, nullable: true }) reason!: string | null;
  @ApiProperty({ format: 'date-time' }) at!: string;
}

class RelayResponse {
  @ApiProperty({
    enum: ['starting', 'working', 'standby', 'paused', 'waiting', 'stopped', 'down', 'absent'],
    description:
      '`waiting`: something fails and is tried again. `stopped`: Kafka does not hold what was written, an operator decides. `down`: nothing was heard of it for 10 s. `absent`: none ever ran.',
  })
  state!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) since!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'Why, where it does not work.' })
  reason!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'The process that speaks.' })
  holder!: string | null;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Place in the log through which everything is on Kafka.',
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
    description: 'Set while it is to stand still, whether it has heard of that or not.',
  })
  paused!: PausedResponse | null;
}

class RelayRequestedResponse {
  @ApiProperty({ description: 'Always `relay`.' }) id!: string;
  @ApiProperty() revision!: number;
  @ApiProperty() position!: string;
}

class PauseBody {
  @ApiProperty({
    description: 'Why; kept with the event that says so.',
    example: 'the brokers are upgraded',
  })
  @IsText(2000)
  reason!: string;
}

class ResumeBody {
  @ApiPropertyOptional({
    description: 'Why; kept with the event that says so.',
    example: 'the brokers are back',
  })
  @MayBeMissing()
  @IsText(2000)
  reason?: string;
}

class ResetTopicBody extends PauseBody {
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
    private readonly admin: RelayAdmin,
  ) {}

  @Get()
  @RequirePermission('fanout.read')
  @ApiOperation({
    summary: 'How the relay stands that publishes the log to Kafka',
    description:
      'State, reason, the position up to which the log is published, and how much is not yet.',
  })
  @ApiOkResponse({ type: RelayResponse })
  async status(@Query() query: Record<string, unknown>): Promise<RelayResponse> {
    readQuery(query, {});
    const { since, publishedAt, notedAt, ...status } = await relayStatus(
      this.store,
      this.log,
      this.publication,
    );
    return {
      ...status,
      since: since?.toISOString() ?? null,
      publishedAt: publishedAt?.toISOString() ?? null,
      notedAt: notedAt?.toISOString() ?? null,
    };
  }

  @Post('pause')
  @HttpCode(202)
  @RequirePermission('fanout.manage')
  @ApiOperation({
    summary: 'Have the relay stand still, also over restarts',
    description:
      'For maintenance of the cluster. The log goes on; what is not published waits there.',
  })
  @ApiAcceptedResponse({ type: RelayRequestedResponse })
  async pause(
    @Body() { reason }: PauseBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteResponse> {
    const result = await this.admin.pause(commandMeta(request, { reason }));
    return commandResponse(reply, 'relay', result);
  }

  @Post('resume')
  @HttpCode(202)
  @RequirePermission('fanout.manage')
  @ApiOperation({
    summary: 'Have the relay go on where it stands',
    description:
      'Nothing was lost meanwhile: the relay publishes what the log has after its position.',
  })
  @ApiBody({ type: ResumeBody, required: false })
  @ApiAcceptedResponse({ type: RelayRequestedResponse })
  async resume(
    @Body() { reason }: ResumeBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteResponse> {
    const meta = commandMeta(request, { ...(reason !== undefined && { reason }) });
    return commandResponse(reply, 'relay', await this.admin.resume(meta));
  }

  @Post('reset')
  @HttpCode(202)
  @RequirePermission('fanout.manage')
  @ApiOperation({
    summary: 'Have a topic completed from what it holds',
    description:
      'For a topic that was deleted, made anew or lost records, and for a position topic that was: the topic is made where it is missing, each of its partitions is read for its last fact, and what the log has after that is published.',
  })
  @ApiAcceptedResponse({ type: RelayRequestedResponse })
  @ApiNotFoundResponse({ description: 'TOPIC_NOT_FOUND' })
  async reset(
    @Body() { topic, reason }: ResetTopicBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteResponse> {
    const result = await this.admin.reset(topic, commandMeta(request, { reason }));
    return commandResponse(reply, 'relay', result);
  }
}
