import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiBody,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { commandResponse, type WriteResponse } from '#http/command-response.js';
import { decodeCursor, encodeCursor, parseLimit } from '#http/paging.js';
import { readQuery, text } from '#http/query-params.js';
import { commandMeta } from '#http/request-context.js';
import { IsText, MayBeMissing } from '#http/validation.js';
import { Refusal } from '#kernel/refusal.js';
import { Logger } from '#observability/logging.js';

import { listParked, ParkedEvents } from './parked-event/parked-events.js';
import { Projections } from './projection.js';
import { ReadStore } from './read-store.js';
import { type BuildRequestKind, placeRequest } from './requests.js';
import { newestPosition, projectionStatus } from './status.js';

class BuildProgressResponse {
  @ApiProperty() build!: number;
  @ApiProperty() version!: number;
  @ApiProperty({ enum: ['building', 'paused', 'stopped', 'live'] }) state!: string;
  @ApiProperty({ type: String, nullable: true }) position!: string | null;
  @ApiProperty() events!: number;
  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Of the events that other projections have counted.',
  })
  percent!: number | null;
  @ApiProperty() parked!: number;
  @ApiProperty({ type: String, nullable: true }) error!: string | null;
}

class ProjectionResponse {
  @ApiProperty() name!: string;
  @ApiProperty({ type: Number, nullable: true, description: 'Of the running code.' })
  version!: number | null;
  @ApiProperty({ type: Number, nullable: true, description: 'Of the tables that are read.' })
  builtVersion!: number | null;
  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Of the build that is read; another one after each switch.',
  })
  activeBuild!: number | null;
  @ApiProperty({ enum: ['live', 'building', 'paused', 'stopped', 'outdated'] }) state!: string;
  @ApiProperty({ type: String, nullable: true }) position!: string | null;
  @ApiProperty() events!: number;
  @ApiProperty({ type: Number, nullable: true }) pending!: number | null;
  @ApiProperty({ type: Number, nullable: true }) lagSeconds!: number | null;
  @ApiProperty() parked!: number;
  @ApiProperty({ type: String, nullable: true }) error!: string | null;
  @ApiProperty({ type: BuildProgressResponse, nullable: true })
  build!: BuildProgressResponse | null;
}

class ProjectionListResponse {
  @ApiProperty({ type: [ProjectionResponse] }) items!: ProjectionResponse[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: null;
}

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

class ReasonBody {
  @ApiPropertyOptional({
    description: 'Why; kept with the request.',
    example: 'before the upgrade',
    maxLength: 2000,
  })
  @MayBeMissing()
  @IsText(2000)
  reason?: string;
}

class DiscardParkedBody {
  @ApiProperty({
    description: 'Why the event is given up; kept with the event that says so.',
    example: 'written by a broken version',
  })
  @IsText(2000)
  reason!: string;
}

class RequestedResponse {
  @ApiProperty() id!: string;
  @ApiProperty() projection!: string;
  @ApiProperty({ enum: ['build', 'rebuild', 'stop'] }) requested!: string;
}

class WrittenResponse {
  @ApiProperty() id!: string;
  @ApiProperty() revision!: number;
  @ApiProperty() position!: string;
}

@ApiTags('operations')
@ApiBearerAuth()
@Controller('v1/projections')
export class ProjectionsController {
  constructor(
    private readonly store: ReadStore,
    private readonly log: EsdbEventLog,
    private readonly projections: Projections,
    private readonly logger: Logger,
  ) {}

  @Get()
  @RequirePermission('projections.read')
  @ApiOperation({
    summary: 'How each read model stands',
    description:
      'Version, build, position, lag and parked events of each projection; `outdated` and `building` are answered with 503 by its routes.',
  })
  @ApiOkResponse({ type: ProjectionListResponse })
  async list(@Query() query: Record<string, unknown>): Promise<ProjectionListResponse> {
    readQuery(query, {});
    const head = await newestPosition(this.log);
    const items = await projectionStatus(this.store, this.projections.all, head);
    return { items, nextCursor: null };
  }

  @Post(':name/build')
  @HttpCode(202)
  @RequirePermission('projections.manage')
  @ApiOperation({
    summary: 'Build, or go on building, what the running version needs',
    description:
      'The build stands beside the tables that are read, and is switched to when it has caught up.',
  })
  @ApiBody({ type: ReasonBody, required: false })
  @ApiAcceptedResponse({ type: RequestedResponse })
  build(@Param('name') name: string, @Body() body: ReasonBody, @Req() request: FastifyRequest) {
    return this.ask('build', name, body, request);
  }

  @Post(':name/rebuild')
  @HttpCode(202)
  @RequirePermission('projections.manage')
  @ApiOperation({
    summary: 'Build anew beside the active tables, then switch',
    description: 'Queries go on reading the active tables meanwhile.',
  })
  @ApiBody({ type: ReasonBody, required: false })
  @ApiAcceptedResponse({ type: RequestedResponse })
  rebuild(@Param('name') name: string, @Body() body: ReasonBody, @Req() request: FastifyRequest) {
    return this.ask('rebuild', name, body, request);
  }

  @Post(':name/stop')
  @HttpCode(202)
  @RequirePermission('projections.manage')
  @ApiOperation({
    summary: 'Pause a build; build or rebuild goes on with it',
    description: 'What is built so far is kept.',
  })
  @ApiBody({ type: ReasonBody, required: false })
  @ApiAcceptedResponse({ type: RequestedResponse })
  stop(@Param('name') name: string, @Body() body: ReasonBody, @Req() request: FastifyRequest) {
    return this.ask('stop', name, body, request);
  }

  private async ask(
    kind: BuildRequestKind,
    name: string,
    { reason }: ReasonBody,
    request: FastifyRequest,
  ): Promise<RequestedResponse> {
    if (!this.projections.all.some((projection) => projection.name === name)) {
      throw new Refusal('PROJECTION_NOT_FOUND', 'not-found', 'there is no such projection');
    }
    const { commandId: id, actor } = commandMeta(request);
    await placeRequest(this.store, {
      id,
      projection: name,
      kind,
      parkedId: null,
      reason: reason ?? null,
      requestedBy: actor.id,
    });
    this.logger.info({ id, projection: name, kind, actor: actor.id, reason }, 'build request');
    return { id, projection: name, requested: kind };
  }
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
