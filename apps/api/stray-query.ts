import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum';
import type { FastifyRequest } from 'fastify';

import { readQuery } from '#http/query-params.js';

/**
 * Refuses query parameters of a route whose handler takes none: whoever sends `?dryRun=true` with a
 * command that knows no such thing would find it carried out. Routes that everybody may use are left
 * alone; probes and browsers add parameters of their own.
 *
 * A guard, since any interceptor makes streams of each request.
 */
@Injectable()
export class StrayQueryGuard implements CanActivate {
  /** By controller and handler: a controller may inherit it. */
  private readonly taking = new WeakMap<object, Map<string, boolean>>();

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const isOpen = request.routeOptions.config.access === 'public';
    if (!isOpen && !this.takesQuery(context)) {
      readQuery(request.query as Readonly<Record<string, unknown>>, {});
    }
    return true;
  }

  private takesQuery(context: ExecutionContext): boolean {
    const [controller, { name }] = [context.getClass(), context.getHandler()];
    const handlers = this.taking.get(controller) ?? new Map<string, boolean>();
    this.taking.set(controller, handlers);
    const known = handlers.get(name);
    if (known !== undefined) return known;
    const takes = takesQuery(controller, name);
    handlers.set(name, takes);
    return takes;
  }
}

/** By Nest's own record of what a handler's parameters are: `<kind>:<place>`. */
const takesQuery = (controller: object, handler: string): boolean => {
  const recorded = Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, handler) as
    Readonly<Record<string, unknown>> | undefined;
  const query = `${String(RouteParamtypes.QUERY)}:`;
  return Object.keys(recorded ?? {}).some((key) => key.startsWith(query));
};
