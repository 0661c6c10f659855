import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import { Matches } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { commandResponse, type WriteResponse } from '#http/command-response.js';
import { Expectation, type Parser, queryInvalid, readQuery } from '#http/query-params.js';
import { commandMeta } from '#http/request-context.js';
import { IsText } from '#http/validation.js';
import { ReadStore } from '#read-store/read-store.js';

import { Publication } from '../fact.js';
import { ConsumerAdmin } from './admin.js';
import { type ConsumerOverview, consumerStatus, consumerStatuses } from './consumer-statuses.js';
import { ControlRequestedResponse } from './control-response.http.js';
import { assertResetsTo, KnownConsumers } from './known-consumers.js';
import { previewReset } from './reset-preview.js';

class ConsumerPartitionResponse {
  @ApiProperty() topic!: string;
  @ApiProperty({ description: '0 where the log itself brings the facts.' }) partition!: number;
  @ApiProperty({
    description: 'Kafka: the offset to read next. Log: the position through which it was read.',
  })
  nextOffset!: string;
  @ApiProperty({ type: String, nullable: true, description: 'As it was last seen.' })
  endOffset!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'Of the last fact that was taken.' })
  position!: string | null;
  @ApiProperty({ type: Number, nullable: true, description: 'Null while that is not known.' })
  lagSeconds!: number | null;
  @ApiProperty({ description: 'Facts that were handled.' }) done!: number;
  @ApiProperty({ description: 'Deliveries of facts that had been handled before.' })
  skipped!: number;
  @ApiProperty({ description: 'Facts that were laid aside as dead letters.' }) dead!: number;
}

class ConsumerControlResponse {
  @ApiProperty({ description: 'Revision of the last request that was carried out.' })
  revision!: string;
  @ApiProperty({ description: 'What came of it, for people.' }) outcome!: string;
  @ApiProperty({ format: 'date-time' }) at!: string;
}

class ConsumerResponse {
  @ApiProperty() name!: string;
  @ApiProperty({ enum: ['kafka', 'log'] }) transport!: string;
  @ApiProperty({
    enum: ['running', 'waiting', 'stopped', 'down'],
    description:
      '`waiting`: for something that passes. `stopped`: a topic needs an operator. `down`: no process runs it.',
  })
  state!: string;
  @ApiProperty({ type: String, nullable: true }) reason!: string | null;
  @ApiProperty({ format: 'date-time', description: 'Last sign of life.' }) notedAt!: string;
  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Of the partition furthest behind; null while that is not known.',
  })
  lagSeconds!: number | null;
  @ApiProperty({
    type: Number,
    nullable: true,
    description:
      'Records on Kafka that were not read yet; null on the log, and while that is not known.',
  })
  pending!: number | null;
  @ApiProperty() deadLetters!: number;
  @ApiProperty({ type: ConsumerControlResponse, nullable: true })
  control!: ConsumerControlResponse | null;
  @ApiProperty({ type: [ConsumerPartitionResponse] })
  partitions!: readonly ConsumerPartitionResponse[];
}

class ConsumerListResponse {
  @ApiProperty({ type: [ConsumerResponse] }) items!: ConsumerResponse[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: null;
}

class ResetPreviewResponse {
  @ApiProperty() consumer!: string;
  @ApiProperty({ example: 'start' }) to!: string;
  @ApiProperty({ description: 'Facts that would be delivered again.' }) facts!: number;
  @ApiProperty({ description: 'Dead letters that would be gone, and come again as facts.' })
  deadLetters!: number;
  @ApiProperty({ type: String, nullable: true, description: 'What would be undone, for people.' })
  forgets!: string | null;
}

class ResetConsumerBody {
  @ApiProperty({
    description: '`start`, or a position of the log: facts after it are delivered again.',
    example: 'start',
  })
  @Matches(/^(start|\d{1,19})$/, { message: 'expected start, or a position such as 1234' })
  to!: string;

  @ApiProperty({
    description: 'Why; kept with the event that says so.',
    example: 'from the log to Kafka',
  })
  @IsText(2000)
  reason!: string;
}

const startOrPosition: Parser<string> = (raw) => {
  if (/^(start|0|[1-9]\d{0,18})$/.test(raw)) return raw;
  throw new Expectation('expected start, or a position such as 1234');
};

@ApiTags('operations')
@ApiBearerAuth()
@Controller('v1/fanout/consumers')
export class ConsumersController {
  constructor(
    private readonly store: ReadStore,
    private readonly log: EsdbEventLog,
    private readonly publication: Publication,
    private readonly known: KnownConsumers,
    private readonly admin: ConsumerAdmin,
  ) {}

  @Get()
  @RequirePermission('fanout.read')
  @ApiOperation({
    summary: 'How each consumer of published facts stands',
    description: 'State, lag and offsets of each consumer, as its process last recorded them.',
  })
  @ApiOkResponse({ type: ConsumerListResponse })
  async list(@Query() query: Record<string, unknown>): Promise<ConsumerListResponse> {
    readQuery(query, {});
    const items = await consumerStatuses(this.store);
    return { items: items.map(shown), nextCursor: null };
  }

  @Get(':name')
  @RequirePermission('fanout.read')
  @ApiOperation({
    summary: 'How one consumer stands',
    description: 'State, lag and offsets of the consumer, as its process last recorded them.',
  })
  @ApiOkResponse({ type: ConsumerResponse })
  @ApiNotFoundResponse({ description: 'CONSUMER_NOT_FOUND' })
  async one(
    @Param('name') name: string,
    @Query() query: Record<string, unknown>,
  ): Promise<ConsumerResponse> {
    readQuery(query, {});
    return shown(await consumerStatus(this.store, name));
  }

  @Get(':name/reset-preview')
  @RequirePermission('fanout.manage')
  @ApiOperation({
    summary: 'What a reset would do; nothing is changed',
    description:
      'Counts the facts that would be delivered again after `to`, and says what the consumer would forget.',
  })
  @ApiQuery({ name: 'to', example: 'start' })
  @ApiOkResponse({ type: ResetPreviewResponse })
  @ApiNotFoundResponse({ description: 'CONSUMER_NOT_FOUND' })
  preview(
    @Param('name') name: string,
    @Query() query: Record<string, unknown>,
  ): Promise<ResetPreviewResponse> {
    const { to } = readQuery(query, { to: startOrPosition });
    if (to === undefined) throw queryInvalid([{ pointer: '?to', reason: 'required' }]);
    const { store, log, publication, known } = this;
    return previewReset({ store, log, publication, known }, name, to);
  }

  @Post(':name/reset')
  @HttpCode(202)
  @RequirePermission('fanout.manage')
  @ApiOperation({
    summary: 'Have facts delivered again',
    description:
      'Also what lets a consumer go on that was moved from the log to Kafka or back, or whose topic was made anew.',
  })
  @ApiAcceptedResponse({ type: ControlRequestedResponse })
  @ApiNotFoundResponse({ description: 'CONSUMER_NOT_FOUND' })
  async reset(
    @Param('name') name: string,
    @Body() { to, reason }: ResetConsumerBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteResponse> {
    const about = this.known.find(name);
    if (about) assertResetsTo(about, to);
    const meta = commandMeta(request, { reason });
    const result = await this.admin.reset(name, to === 'start' ? null : to, meta);
    return commandResponse(reply, name, result);
  }
}

const shown = ({ notedAt, control, ...rest }: ConsumerOverview): ConsumerResponse => ({
  ...rest,
  notedAt: notedAt.toISOString(),
  control: control && { ...control, at: control.at.toISOString() },
});
