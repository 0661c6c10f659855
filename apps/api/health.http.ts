import { Controller, Get, Res } from '@nestjs/common';
import {
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

import { Public } from '#access/require-permission.js';
import { HealthRegistry, type HealthReport } from '#observability/health.js';

import { Drain } from './drain.js';
import { notMigrated } from './projections-health.js';

@ApiTags('operations')
@Controller('health')
@Public()
export class HealthController {
  constructor(
    private readonly health: HealthRegistry,
    private readonly drain: Drain,
  ) {}

  @Get('live')
  @ApiOperation({
    summary: 'The process answers',
    description:
      'Says nothing of the parts that it needs; an orchestrator restarts the process where this fails.',
  })
  @ApiOkResponse({ description: 'It does.' })
  live() {
    return { status: 'up' };
  }

  @Get('ready')
  @ApiOperation({
    summary: 'Each part that requests rest on, by its progress',
    description:
      '200 while the process should be given requests, 503 with the same document while a part keeps it from answering them. ' +
      'Where Postgres is away `read-store` is down and the answer is 200: commands are taken, by every copy alike.',
  })
  @ApiOkResponse({ description: 'Requests are answered.' })
  @ApiServiceUnavailableResponse({ description: 'A part is down; the same document says which.' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    this.drain.asked();
    const report = await this.health.report();
    void reply.status(takesRequests(report) ? 200 : 503);
    return report;
  }
}

const ofPostgres: ReadonlySet<string> = new Set(['read-store', 'projections']);

/** Copies that all lack Postgres take commands: were each of them out of service, nobody would. */
const takesRequests = ({ checks }: HealthReport): boolean =>
  Object.entries(checks).every(
    ([name, { status, reason }]) =>
      status === 'up' || (ofPostgres.has(name) && reason !== notMigrated),
  );
