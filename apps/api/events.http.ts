import { Readable } from 'node:stream';

import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { Authenticator } from '#access/api-key/authenticator.js';
import { RequirePermission } from '#access/require-permission.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { requireEventAt } from '#event-log/event-at.js';
import type { Position } from '#event-log/event-log.js';
import { LogTail } from '#event-log/log-tail.js';
import { ndjsonLines, sendLines } from '#http/export.js';
import {
  Expectation,
  integerFrom,
  listOf,
  type Parser,
  position,
  queryInvalid,
  readQuery,
} from '#http/query-params.js';
import { actorOf } from '#http/request-context.js';
import { ProcessContext } from '#process/process-context.js';

import { live, replay } from './event-feed.js';
import { LiveFeeds } from './live-feeds.js';

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

/** What a browser sends when it opens a feed again; it goes before `from`, which it opened it with. */
const lastEventIdOf = ({ headers }: FastifyRequest): Position | undefined => {
  const raw = headers['last-event-id'];
  if (raw === undefined) return undefined;
  try {
    return position(String(raw));
  } catch (error) {
    if (!(error instanceof Expectation)) throw error;
    throw queryInvalid([{ pointer: lastEventId, reason: error.message }]);
  }
};
const lastEventId = 'Last-Event-ID';

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
export class EventsController {
  constructor(
    private readonly log: EsdbEventLog,
    private readonly tail: LogTail,
    private readonly authenticator: Authenticator,
    private readonly context: ProcessContext,
    private readonly feeds: LiveFeeds,
  ) {}

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
    const last = lastEventIdOf(request);
    const from = last ?? asked.from;
    const release = this.feeds.open(actorOf(request).id);
    const gone = new AbortController();
    const signal = AbortSignal.any([gone.signal, this.context.signal]);
    reply.raw.once('close', () => {
      release();
      gone.abort();
    });
    if (from) await requireEventAt(this.log, from, last ? lastEventId : '?from');
    const feed = live(this.log, this.tail, {
      filter: { categories: asked.category, types: asked.type },
      from,
      signal,
      // A key that is revoked or expires while a feed is open closes it.
      stillAllowed: () => this.authenticator.authenticate(request.headers.authorization),
    });
    void reply
      .header('content-type', 'text/event-stream; charset=utf-8')
      .header('x-accel-buffering', 'no')
      .send(Readable.from(feed, { objectMode: true, highWaterMark: 1 }));
  }
}
