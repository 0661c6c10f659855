import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiBody,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import { commandResponse, type WriteResponse } from '#http/command-response.js';
import { decodeCursor, encodeCursor, parseLimit } from '#http/paging.js';
import { readQuery, text } from '#http/query-params.js';
import { commandMeta } from '#http/request-context.js';
import { IsText } from '#http/validation.js';
import { Refusal } from '#kernel/refusal.js';

import { listParked, ParkedEvents } from './parked-event/parked-events.js';
import { ReasonBody } from './projections.http.js';
import { ReadStore } from './read-store.js';

class ParkedResponse {
  @ApiProperty() id!: string;
  @ApiProperty() projection!: string;
  @ApiProperty({ description: 'False: parked in a build beside the one that is read.' })
  active!: boolean;
  @ApiProperty() stream!: string;
  @ApiProperty() revision!: string;
  @ApiProperty() eventId!: string;
  @ApiProperty() type!: string;
  @ApiProperty() position!: string;
  @ApiProperty() attempts!: number;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Null for an event that waits behind an earlier one of its stream.',
  })
  error!: string | null;
  @ApiProperty({ type: String, format: 'date-time' }) parkedAt!: string;
}

class ParkedListResponse {
  @ApiProperty({ type: [ParkedResponse] }) items!: ParkedResponse[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: string | null;
}

class DiscardParkedBody {
  @ApiProperty({
    description: 'Why the event is given up; kept with the event that says so.',
    example: 'written by a broken version',
  })
  @IsText(2000)
  reason!: string;
}

class WrittenResponse {
  @ApiProperty() id!: string;
  @ApiProperty() revision!: number;
  @ApiProperty() position!: string;
}

@ApiTags('operations')
@ApiBearerAuth()
@Controller('v1/parked')
export class ParkedController {
  constructor(
    private readonly store: ReadStore,
    private readonly parked: ParkedEvents,
  ) {}

  @Get()
  @RequirePermission('projections.read')
  @ApiOperation({
    summary: 'Events that a projection could not apply, and those that wait behind',
    description:
      'Each with its error and its attempts; the later events of the same stream wait behind it, without an error of their own.',
  })
  @ApiQuery({ name: 'projection', required: false })
  @ApiQuery({ name: 'limit', required: false })
  @ApiQuery({ name: 'cursor', required: false })
  @ApiOkResponse({ type: ParkedListResponse })
  async list(@Query() query: Record<string, unknown>): Promise<ParkedListResponse> {
    const asked = readQuery(query, {
      projection: text(100),
      limit: parseLimit,
      cursor: text(4096),
    });
    const { projection, limit = parseLimit(undefined) } = asked;
    const context = `parked ${projection ?? ''}`;
    const [after] =
      asked.cursor === undefined ? [] : decodeCursor(asked.cursor, context, ['bigint']);
    const rows = await listParked(this.store, {
      projection,
      after,
      limit: limit + 1,
    });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map((row) => ({ ...row, parkedAt: row.parkedAt.toISOString() })),
      nextCursor: rows.length > limit && last ? encodeCursor([last.id], context) : null,
    };
  }

  @Post(':id/retry')
  @HttpCode(202)
  @RequirePermission('parked.manage')
  @ApiBody({ type: ReasonBody, required: false })
  @ApiOperation({
    summary: 'Try the event and those that wait behind it again',
    description:
      'The running projector carries the request out, in the order of the stream; what fails again stays parked.',
  })
  @ApiAcceptedResponse({ type: WrittenResponse })
  async retry(
    @Param('id') id: string,
    @Body() { reason }: ReasonBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteResponse> {
    const meta = commandMeta(request, { reason });
    return commandResponse(reply, id, await this.parked.requestRetry(checkedId(id), meta));
  }

  @Post(':id/discard')
  @HttpCode(202)
  @RequirePermission('parked.manage')
  @ApiOperation({
    summary: 'Give the event up for good; those behind it are tried',
    description: 'Also in every later build of the projection. The event stays in the log.',
  })
  @ApiAcceptedResponse({ type: WrittenResponse })
  async discard(
    @Param('id') id: string,
    @Body() { reason }: DiscardParkedBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WriteResponse> {
    const meta = commandMeta(request, { reason });
    return commandResponse(reply, id, await this.parked.discard(checkedId(id), meta));
  }
}

const checkedId = (id: string): string => {
  if (/^\d{1,18}$/.test(id)) return id;
  throw new Refusal('PARKED_NOT_FOUND', 'not-found', 'there is no such parked event');
};
