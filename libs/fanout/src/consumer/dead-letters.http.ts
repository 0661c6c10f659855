import { Body, Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import { Matches } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import { commandResponse, type WriteResponse } from '#http/command-response.js';
import { decodeCursor, encodeCursor, parseLimit } from '#http/paging.js';
import { readQuery, text } from '#http/query-params.js';
import { commandMeta } from '#http/request-context.js';
import { IsText, MayBeMissing } from '#http/validation.js';
import { ReadStore } from '#read-store/read-store.js';

import { ConsumerAdmin } from './admin.js';
import { consumerStatus } from './consumer-statuses.js';
import { ControlRequestedResponse } from './control-response.http.js';
import { listDeadLetters } from './dead-letter-list.js';

class DeadLetterResponse {
  @ApiProperty() id!: string;
  @ApiProperty() consumer!: string;
  @ApiProperty() topic!: string;
  @ApiProperty() partition!: number;
  @ApiProperty({ description: 'Kafka: of its record. Log: its position.' }) offset!: string;
  @ApiProperty({ format: 'uuid' }) factId!: string;
  @ApiProperty({ description: 'Its stream, as far as the record says one.' }) key!: string;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Null where the record is no fact, as are the next two.',
  })
  type!: string | null;
  @ApiProperty({ type: String, nullable: true }) revision!: string | null;
  @ApiProperty({ type: String, nullable: true }) position!: string | null;
  @ApiProperty() attempts!: number;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Null for a fact that waits behind an earlier one of its stream.',
  })
  error!: string | null;
  @ApiProperty({ format: 'date-time' }) deadAt!: string;
}

class DeadLetterListResponse {
  @ApiProperty({ type: [DeadLetterResponse] }) items!: DeadLetterResponse[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
}

class RetryBody {
  @ApiProperty({ description: 'Whose dead letters.', example: 'registry-activity' })
  @IsText(100)
  consumer!: string;

  @ApiPropertyOptional({
    example: '17',
    description:
      'This one and those of its stream, in their order; all of the consumer when absent.',
  })
  @MayBeMissing()
  @Matches(/^\d{1,18}$/, { message: 'expected the id of a dead letter' })
  id?: string;

  @ApiPropertyOptional({
    description: 'Why; kept with the event that says so.',
    example: 'the table was repaired',
  })
  @MayBeMissing()
  @IsText(2000)
  reason?: string;
}

class DiscardDeadLetterBody {
  @ApiProperty({ description: 'Whose dead letter.', example: 'registry-activity' })
  @IsText(100)
  consumer!: string;

  @ApiProperty({ example: '17' })
  @Matches(/^\d{1,18}$/, { message: 'expected the id of a dead letter' })
  id!: string;

  @ApiProperty({
    description: 'Why; kept with the event that says so.',
    example: 'counted by hand',
  })
  @IsText(2000)
  reason!: string;
}

@ApiTags('operations')
@ApiBearerAuth()
@Controller('v1/fanout/dead')
export class DeadLettersController {
  constructor(
    private readonly store: ReadStore,
    private readonly admin: ConsumerAdmin,
  ) {}

  @Get()
  @RequirePermission('fanout.read')
  @ApiOperation({
    summary: 'Facts that a consumer could not handle, and those that wait behind',
    description:
      'Each with its error and its attempts; the later facts of the same stream wait behind it, without an error of their own.',
  })
  @ApiQuery({ name: 'consumer', required: false })
  @ApiQuery({ name: 'limit', required: false })
  @ApiQuery({ name: 'cursor', required: false })
  @ApiOkResponse({ type: DeadLetterListResponse })
  @ApiNotFoundResponse({ description: 'CONSUMER_NOT_FOUND' })
  async list(@Query() query: Record<string, unknown>): Promise<DeadLetterListResponse> {
    const asked = readQuery(query, { consumer: text(100), limit: parseLimit, cursor: text(4096) });
    const { consumer, limit = parseLimit(undefined) } = asked;
    const context = `dead ${consumer ?? ''}`;
    const [after] =
      asked.cursor === undefined ? [] : decodeCursor(asked.cursor, context, ['bigint']);
    if (consumer !== undefined) await consumerStatus(this.store, consumer);
    const rows = await listDeadLetters(this.store, { consumer, after, limit: limit + 1 });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map((row) => ({ ...row, deadAt: row.deadAt.toISOString() })),
      nextCursor: rows.length > limit && last ? encodeCursor([last.id], context) : null,
    };
  }

  @Post('retry')
  @HttpCode(202)
  @RequirePermission('fanout.manage')
  @ApiOperation({
    summary: 'Handle dead letters again, those of a stream in their order',
    description:
      'One, by `id`, or all of a consumer. The running consumer carries the request out; what fails again stays.',
  })
  @ApiAcceptedResponse({ type: ControlRequestedResponse })
  @ApiNotFoundResponse({ description: 'CONSUMER_NOT_FOUND or DEAD_LETTER_NOT_FOUND' })
  async retry(
    @Body() { consumer, id, reason }: RetryBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteResponse> {
    const meta = commandMeta(request, { reason });
    return commandResponse(reply, consumer, await this.admin.retry(consumer, id, meta));
  }

  @Post('discard')
  @HttpCode(202)
  @RequirePermission('fanout.manage')
  @ApiOperation({
    summary: 'Give a dead letter up for good',
    description:
      'Only a reset of the consumer brings its fact again. What waits behind it is handled by the next retry.',
  })
  @ApiAcceptedResponse({ type: ControlRequestedResponse })
  @ApiNotFoundResponse({ description: 'CONSUMER_NOT_FOUND or DEAD_LETTER_NOT_FOUND' })
  async discard(
    @Body() { consumer, id, reason }: DiscardDeadLetterBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteResponse> {
    const meta = commandMeta(request, { reason });
    return commandResponse(reply, consumer, await this.admin.discard(consumer, id, meta));
  }
}
