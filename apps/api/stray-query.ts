import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum';
import type { FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';

import { readQuery } from '#http/query-params.js';

/**
 * Refuses query parameters of a route whose handler takes none: whoever sends `?dryRun=true` with a
 * command that knows no such thing would find it carried out. Routes that everybody may use are left
 * alone; probes and browsers add parameters of their own.
 */
@Injectable()
export class StrayQueryInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const isOpen = request.routeOptions.config.access === 'public';
    if (!isOpen && !takesQuery(context)) {
      readQuery(request.query as Readonly<Record<string, unknown>>, {});
    }
    return next.handle();
  }
}

/** By Nest's own record of what a handler's parameters are: `<kind>:<place>`. */
const takesQuery = (context: ExecutionContext): boolean => {
  const recorded = Reflect.getMetadata(
    ROUTE_ARGS_METADATA,
    context.getClass(),
    context.getHandler().name,
  ) as Readonly<Record<string, unknown>> | undefined;
  const query = `${String(RouteParamtypes.QUERY)}:`;
  return Object.keys(recorded ?? {}).some((key) => key.startsWith(query));
};
