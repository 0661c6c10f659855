import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import { formatPosition } from '#event-log/position.js';
import { position, readQuery, uuid } from '#http/query-params.js';
import { readBoard } from '#projections/station-board/board-queries.js';
import { stationBoard } from '#projections/station-board/station-board.projection.js';
import { visibleIn } from '#resource/resource.js';

import { FeedController } from './feed.http.js';
import { boardFeed, SharedBoard } from './station-board-feed.js';

@ApiTags('lab')
@ApiBearerAuth()
@Controller('v1/station-board')
@RequirePermission('lab.read')
export class StationBoardFeedController extends FeedController {
  private readonly board = new SharedBoard(() => readBoard(this.store.pool));

  @Get('live')
  @ApiOperation({
    summary: 'Follow the board of stations as server-sent events',
    description:
      'Each station in use as it is now, and then each that changes, twice a second at most: an item of the board. One that was retired is shown once ' +
      'more, as such. After `from` or the `Last-Event-ID` header only what has changed since.',
  })
  @ApiQuery({ name: 'stationId', required: false, description: 'One station alone.' })
  @ApiQuery({ name: 'from', required: false, description: 'Position to go on after.' })
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' } } } })
  async live(
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { stationId, from } = readQuery(query, { stationId: uuid, from: position });
    await visibleIn(stationBoard)(this.store, undefined);
    await this.serve(request, reply, from, ({ from: after, ...feed }) =>
      boardFeed(this.board.read, { ...feed, stationId, from: after && formatPosition(after) }),
    );
  }
}
