import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { contextOf } from '#http/request-context.js';
import { Refusal } from '#kernel/refusal.js';
import { Metrics } from '#observability/metrics.js';

import { Authenticator } from './api-key/authenticator.js';
import { Denials } from './denial/denials.js';
import { isPermitted, type Permission } from './permissions.js';
import { permissionMetadata, publicMetadata } from './require-permission.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Why the request has no actor. */
    authenticationError?: Error;
  }
}

/**
 * Recognises the caller of every request before anything reads its body, so that limits can be per
 * key. Whether somebody unknown may go on is for the guard to say: some routes are public.
 * `admitStranger` throws where an address has shown too many keys that were not met before.
 */
export const installAuthentication = (
  server: FastifyInstance,
  authenticator: Authenticator,
  admitStranger: (request: FastifyRequest) => Promise<void>,
): void => {
  server.addHook('onRequest', async (request) => {
    try {
      request.actor = await authenticator.authenticate(request.headers.authorization, () =>
        admitStranger(request),
      );
    } catch (error) {
      request.authenticationError = error as Error;
    }
  });
};

/** Deny by default: a route names its permission, or is public, or is refused. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly denials: Denials,
    private readonly metrics: Metrics,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()];
    const permission = this.reflector.getAllAndOverride<Permission | undefined>(
      permissionMetadata,
      targets,
    );
    if (permission === undefined && this.reflector.getAllAndOverride(publicMetadata, targets)) {
      return true;
    }
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { actor } = request;
    if (!actor) throw request.authenticationError ?? notAuthenticated();
    if (permission !== undefined && isPermitted(actor.roles, permission)) return true;

    const route = `${request.method} ${request.routeOptions.url ?? 'unknown'}`;
    this.metrics.forbidden.inc({ route });
    const { correlationId } = contextOf(request);
    this.denials.note({ actor, route, permission: permission ?? 'none', correlationId });
    throw new Refusal(
      'FORBIDDEN',
      'forbidden',
      permission === undefined
        ? 'this route names no permission, so nobody may use it'
        : `this needs the permission ${permission}, which the roles of your key do not hold`,
    );
  }
}

const notAuthenticated = () =>
  new Refusal('CREDENTIALS_MISSING', 'unauthenticated', 'this request carries no credentials');
