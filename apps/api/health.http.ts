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
      '200 while the process should be given requests, 503 with the same document while a part keeps it from answering them.',
  })
  @ApiOkResponse({ description: 'All parts are up.' })
  @ApiServiceUnavailableResponse({ description: 'A part is down; the same document says which.' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    this.drain.asked();
    const report = await this.health.report();
    void reply.status(report.status === 'up' ? 200 : 503);
    return report;
  }
}
