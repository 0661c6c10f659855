import { Body, Controller, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiBody,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiTags,
} from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import type { FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { readQuery } from '#http/query-params.js';
import { commandMeta } from '#http/request-context.js';
import { IsText, MayBeMissing } from '#http/validation.js';
import { Refusal } from '#kernel/refusal.js';
import { Logger } from '#observability/logging.js';

import { Projections } from './projection.js';
import { ReadStore } from './read-store.js';
import { type BuildRequestKind, placeRequest } from './requests.js';
import { newestPosition, projectionStatus } from './status.js';

class BuildProgressResponse {
  @ApiProperty() build!: number;
  @ApiProperty() version!: number;
  @ApiProperty({ enum: ['building', 'paused', 'stopped', 'live', 'log-replaced'] }) state!: string;
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
  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Of the tables that are described: those of the running code, else the newest.',
  })
  builtVersion!: number | null;
  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Number of their build; another one after each switch.',
  })
  activeBuild!: number | null;
  @ApiProperty({
    enum: ['live', 'building', 'paused', 'stopped', 'outdated', 'log-replaced'],
    description: 'Why it is none of the first three stands in `error`.',
  })
  state!: string;
  @ApiProperty({ type: String, nullable: true }) position!: string | null;
  @ApiProperty() events!: number;
  @ApiProperty({ type: Number, nullable: true }) pending!: number | null;
  @ApiProperty({ type: Number, nullable: true }) lagSeconds!: number | null;
  @ApiProperty() parked!: number;
  @ApiProperty({ type: String, nullable: true }) error!: string | null;
  @ApiProperty({ type: BuildProgressResponse, nullable: true })
  build!: BuildProgressResponse | null;
  @ApiProperty({
    type: [BuildProgressResponse],
    description:
      'Builds of other versions: for a roll-back, of processes that still run, or to be dropped.',
  })
  others!: readonly BuildProgressResponse[];
}

class ProjectionListResponse {
  @ApiProperty({ type: [ProjectionResponse] }) items!: ProjectionResponse[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: null;
}

export class ReasonBody {
  @ApiPropertyOptional({
    description: 'Why; kept with the request.',
    example: 'before the upgrade',
    maxLength: 2000,
  })
  @MayBeMissing()
  @IsText(2000)
  reason?: string;
}

class DropVersionBody extends ReasonBody {
  @ApiProperty({ type: 'integer', minimum: 1, example: 1, description: 'One of `others`.' })
  @IsInt()
  @Min(1)
  @Max(2_147_483_647)
  version!: number;
}

class RequestedResponse {
  @ApiProperty() id!: string;
  @ApiProperty() projection!: string;
  @ApiProperty({ enum: ['build', 'rebuild', 'stop', 'drop'] }) requested!: string;
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
      'Version, build, position, lag and parked events of each projection; `outdated` and `building` are answered with 503 by its routes. `log-replaced`: the event log is not the one that it was built from; a rebuild takes it onto this one.',
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

  @Post(':name/drop')
  @HttpCode(202)
  @RequirePermission('projections.manage')
  @ApiOperation({
    summary: 'Drop the tables of another version than the running one',
    description: 'What a running projector still feeds is left.',
  })
  @ApiAcceptedResponse({ type: RequestedResponse })
  drop(@Param('name') name: string, @Body() body: DropVersionBody, @Req() request: FastifyRequest) {
    return this.ask('drop', name, body, request, body.version);
  }

  private async ask(
    kind: BuildRequestKind,
    name: string,
    { reason }: ReasonBody,
    request: FastifyRequest,
    other?: number,
  ): Promise<RequestedResponse> {
    const projection = this.projections.all.find((one) => one.name === name);
    if (!projection) {
      throw new Refusal('PROJECTION_NOT_FOUND', 'not-found', 'there is no such projection');
    }
    if (other === projection.version) {
      throw new Refusal(
        'PROJECTION_IN_USE',
        'conflict',
        `version ${String(other)} of ${name} is what the running code reads`,
      );
    }
    const { commandId: id, actor } = commandMeta(request);
    await placeRequest(this.store, {
      id,
      projection: name,
      kind,
      version: other ?? projection.version,
      parkedId: null,
      reason: reason ?? null,
      requestedBy: actor.id,
    });
    this.logger.info({ id, projection: name, kind, actor: actor.id, reason }, 'build request');
    return { id, projection: name, requested: kind };
  }
}
