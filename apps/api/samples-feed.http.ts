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
import { Refusal } from '#kernel/refusal.js';
import { readOutcomes } from '#projections/samples/outcomes.js';
import { samples } from '#projections/samples/samples.projection.js';
import { isStoreFault } from '#read-store/store-errors.js';
import { visibleIn } from '#resource/resource.js';
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
      'From now on, or after `from` or the `Last-Event-ID` header, as soon as reading them shows them. Each says by `outcome` what became of ' +
      'it: `accepted` counts; `duplicate` is there already; `conflict` has another value than the one that counts at its time; of the ' +
      'time of `expired` single samples were dropped. A correction is `corrected`.',
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
    await visibleIn(samples)(this.store, undefined);
    await this.follow(request, reply, {
      ...{ from, filter: { categories: [samplesCategory] } },
      show: shownSamples(device, series, async (position, came) => {
        try {
          await visibleIn(samples)(this.store, position);
          return await readOutcomes(this.store.pool, device, position.commit, came);
        } catch (error) {
          if (isStoreFault(error) || (error instanceof Refusal && error.kind === 'unavailable'))
            return undefined;
          throw error;
        }
      }),
    });
  }
}
