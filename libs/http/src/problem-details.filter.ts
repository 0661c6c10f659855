import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';

import { isHangUp } from './hang-up.js';
import { type Answer, problemOf } from './problems.js';
import { contextOf, traceIdOf } from './request-context.js';
import { defaultLimits } from './server-limits.js';
import { discardBody } from './unread-body.js';

/** As nginx counts a request whose caller went away. */
const closedByCaller = 499;

export const problemContentType = 'application/problem+json';

/** Answers everything that was thrown with a problem document, and logs what an operator should see. */
@Catch()
export class ProblemDetailsFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly metrics: Metrics,
    private readonly refusedBodyMs: number = defaultLimits.refusedBodyMs,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  /** For errors that arise outside Nest, such as a malformed URL. */
  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    if (isHangUp(error, request.raw)) {
      this.noteHangUp(request);
      return;
    }
    const context = contextOf(request);
    const answer = problemOf(error, {
      requestId: context.requestId,
      traceId: traceIdOf(context),
    });
    this.note(error, answer, request);
    if (reply.raw.headersSent) {
      // Part of the answer is sent: only a broken connection shows the caller that it is incomplete.
      reply.raw.destroy();
      return;
    }
    if (reply.sent) return;
    // Fastify would close the connection, and who is still sending would never see the answer.
    reply.removeHeader('connection');
    // Whoever waits to be asked for its body may send it after all: Node ends the connection, and must say so.
    if (request.headers.expect !== undefined) reply.header('connection', 'close');
    discardBody(request.raw, this.refusedBodyMs);
    sendProblem(reply, answer, context.requestId);
  }

  /** Nobody is there to be answered, and nothing is wrong on our side. */
  private noteHangUp(request: FastifyRequest): void {
    const { requestId, correlationId } = contextOf(request);
    const { method } = request;
    const route = request.routeOptions.url ?? null;
    const fields = { requestId, correlationId, method, route, status: closedByCaller };
    this.logger.debug(fields, 'the caller closed the connection before the answer');
  }

  private note(error: unknown, { problem }: Answer, request: FastifyRequest): void {
    const { status, code } = problem;
    const fields = {
      requestId: contextOf(request).requestId,
      correlationId: contextOf(request).correlationId,
      traceId: problem.trace_id,
      method: request.method,
      route: request.routeOptions.url ?? null,
      status,
      code,
    };
    if (status === 500) this.logger.error({ ...fields, error }, 'a request failed on a bug');
    else if (status > 501) this.logger.warn({ ...fields, error }, 'a request could not be served');
    else if (status === 401) {
      this.metrics.unauthenticated.inc({ reason: code });
      this.logger.warn({ ...fields, ip: request.ip, detail: problem.detail }, 'not authenticated');
    }
  }
}

const sendProblem = (reply: FastifyReply, answer: Answer, requestId: string): void => {
  const { problem, retryAfterSeconds } = answer;
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="voltrace"');
  // What a successful answer would have said of its body does not hold for this one.
  reply.removeHeader('etag');
  reply.removeHeader('content-length');
  reply.removeHeader('content-disposition');
  void reply
    .status(problem.status)
    .header('x-request-id', requestId)
    .header('content-type', problemContentType)
    .send(JSON.stringify(problem));
};
