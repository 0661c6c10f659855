import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import { requireEventAt } from '#event-log/event-at.js';
import { ndjsonLines, sendLines } from '#http/export.js';
import {
  Expectation,
  integerFrom,
  listOf,
  type Parser,
  position,
  readQuery,
} from '#http/query-params.js';

import { replay } from './event-feed.js';
import { FeedController } from './feed.http.js';

const name: Parser<string> = (raw) => {
  if (/^[A-Za-z][\w.]{0,99}$/.test(raw)) return raw;
  throw new Expectation('expected a name such as product or ProductRegistered');
};
const filters = { category: listOf(name), type: listOf(name), from: position };
const maxEvents = 10_000_000;

/** `?type=A&type=B` means the same as `?type=A,B`. */
const withLists = (query: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(query).map(([key, value]) =>
      (key === 'type' || key === 'category') && Array.isArray(value)
        ? [key, value.join(',')]
        : [key, value],
    ),
  );

@ApiTags('events')
@ApiBearerAuth()
@Controller('v1/events')
@RequirePermission('events.read')
@ApiQuery({ name: 'category', required: false, description: 'product,manufacturer,...' })
@ApiQuery({ name: 'type', required: false, description: 'ProductRegistered,...; may be repeated' })
@ApiQuery({
  name: 'from',
  required: false,
  description: 'Position of an event to go on after; 0 is the start.',
})
export class EventsController extends FeedController {
  @Get()
  @ApiOperation({
    summary: 'Replay the log as NDJSON',
    description:
      'One event per line; the last line is `{resumeFrom, atEnd}`. A replay without it is incomplete. Blank lines keep the connection alive.',
  })
  @ApiQuery({ name: 'limit', required: false, description: 'Events at most; all unless given.' })
  @ApiOkResponse({ content: { 'application/x-ndjson': { schema: { type: 'string' } } } })
  async replay(@Query() query: Record<string, unknown>, @Res() reply: FastifyReply): Promise<void> {
    const { category, type, from, limit } = readQuery(withLists(query), {
      ...filters,
      limit: integerFrom(1, maxEvents),
    });
    if (from) await requireEventAt(this.log, from, '?from');
    const events = replay(this.log, { categories: category, types: type }, { from, limit });
    sendLines(reply, ndjsonLines(events), { format: 'ndjson' });
  }

  @Get('live')
  @ApiOperation({
    summary: 'Follow the log as server-sent events',
    description: 'From now on, or after `from` or the `Last-Event-ID` header.',
  })
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' } } } })
  async live(
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const asked = readQuery(withLists(query), filters);
    await this.follow(request, reply, {
      from: asked.from,
      filter: { categories: asked.category, types: asked.type },
    });
  }
}
