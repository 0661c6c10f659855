import { Readable } from 'node:stream';

import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { Authenticator } from '#access/api-key/authenticator.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { requireEventAt } from '#event-log/event-at.js';
import type { Position } from '#event-log/event-log.js';
import { LogTail } from '#event-log/log-tail.js';
import { Expectation, position, queryInvalid } from '#http/query-params.js';
import { actorOf } from '#http/request-context.js';
import { ProcessContext } from '#process/process-context.js';
import { ReadStore } from '#read-store/read-store.js';

import { live, type LiveOptions } from './event-feed.js';
import { LiveFeeds } from './live-feeds.js';

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

/** Where a feed goes on after, and what ends it. */
export type FeedOptions = Pick<LiveOptions, 'from' | 'signal' | 'stillAllowed'>;

/** What routes have in common that follow the log. */
@Injectable()
export class FeedController {
  constructor(
    protected readonly log: EsdbEventLog,
    protected readonly store: ReadStore,
    private readonly tail: LogTail,
    private readonly authenticator: Authenticator,
    private readonly context: ProcessContext,
    private readonly feeds: LiveFeeds,
  ) {}

  /** Answers with what passes the filter of the log as it goes on. */
  protected follow(
    request: FastifyRequest,
    reply: FastifyReply,
    { from, ...options }: Pick<LiveOptions, 'filter' | 'from' | 'show'>,
  ): Promise<void> {
    return this.serve(request, reply, from, (feed) =>
      live(this.log, this.tail, { ...options, ...feed }),
    );
  }

  /** Answers with server-sent events until the caller goes away or may not read any more. */
  protected async serve(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: Position | undefined,
    feedOf: (options: FeedOptions) => AsyncIterable<string>,
  ): Promise<void> {
    const last = lastEventIdOf(request);
    const from = last ?? asked;
    const release = this.feeds.open(actorOf(request).id);
    const gone = new AbortController();
    const signal = AbortSignal.any([gone.signal, this.context.signal]);
    reply.raw.once('close', () => {
      release();
      gone.abort();
    });
    if (from) await requireEventAt(this.log, from, last ? lastEventId : '?from');
    const feed = feedOf({
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
