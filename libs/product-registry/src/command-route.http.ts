import {
  applyDecorators,
  createParamDecorator,
  type ExecutionContext,
  HttpCode,
  Post,
} from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { CommandMeta } from '#kernel/command.js';

import { WriteAnswer } from './bodies.http.js';

/** A route that carries out one command on one thing and answers with where it stands then. */
export const CommandRoute = (path: string, summary: string, description: string): MethodDecorator =>
  applyDecorators(
    Post(path),
    HttpCode(200),
    ApiOperation({ summary, description }),
    ApiOkResponse({ type: WriteAnswer }),
  );

/** Both sides of one call: a command takes its meta from the one and notes its ETag on the other. */
export interface HttpCall {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export const Call = createParamDecorator((_: unknown, context: ExecutionContext): HttpCall => {
  const http = context.switchToHttp();
  return { request: http.getRequest<FastifyRequest>(), reply: http.getResponse<FastifyReply>() };
});

/** A command on one thing, at the revision that the caller named, where one was named. */
export type CommandClass<D, C> = new (
  id: string,
  data: D,
  meta: CommandMeta,
  ifMatch?: bigint,
) => C;
