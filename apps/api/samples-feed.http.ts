import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import { listOf, position, readQuery, text } from '#http/query-params.js';
import { samplesCategory } from '#telemetry/samples/events.js';

import { FeedController } from './feed.http.js';
import { shownSamples } from './samples-feed.js';

@ApiTags('samples')
@ApiBearerAuth()
@Controller('v1/devices')
@RequirePermission('samples.read')
export class SamplesFeedController extends FeedController {
  @Get(':id/samples/live')
  @ApiOperation({
    summary: 'Follow the samples of a device as server-sent events',
    description:
      'As they come, repeated and contradicting ones too: from now on, or after `from` or the `Last-Event-ID` header.',
  })
  @ApiParam({ name: 'id', description: 'Id of the device.' })
  @ApiQuery({ name: 'series', required: false, description: 'Names of series; all unless given.' })
  @ApiQuery({ name: 'from', required: false, description: 'Position to go on after.' })
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' } } } })
  async live(
    @Param('id') device: string,
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { series, from } = readQuery(query, { series: listOf(text(200)), from: position });
    await this.follow(request, reply, {
      ...{ from, filter: { categories: [samplesCategory] } },
      show: shownSamples(device, series),
    });
  }
}
