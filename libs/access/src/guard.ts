import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { RateLimits } from '#http/rate-limits.js';
import { contextOf } from '#http/request-context.js';
import { assertRoute } from '#http/server.js';
import type { Actor } from '#kernel/event.js';
import { Refusal } from '#kernel/refusal.js';
import type { Metrics } from '#observability/metrics.js';

import type { Authenticator } from './api-key/authenticator.js';
import type { Denials } from './denial/denials.js';
import type { PermissionTable } from './permissions.js';

export interface Gatekeepers {
  readonly authenticator: Authenticator;
  readonly limits: RateLimits;
  readonly denials: Denials;
  readonly metrics: Metrics;
  readonly permissions: PermissionTable;
}

/**
 * Decides on every request when only its headers are there: who sends it, whether too many come, and
 * whether its route is open to the sender. What is refused here costs no body. Deny by default: a
 * route names its permission, or is public, or is refused.
 */
export const installGuard = (server: FastifyInstance, gatekeepers: Gatekeepers): void => {
  server.addHook('onRequest', async (request, reply) => {
    const { access } = request.routeOptions.config;
    const { limits } = gatekeepers;
    // A probe that is refused would take the process out of service; its answer costs nothing.
    if (request.routeOptions.url?.startsWith('/health/') && access === 'public') return;
    const caller = await recognise(request, gatekeepers);
    if ('actor' in caller) {
      request.actor = caller.actor;
      await limits.known(request);
    } else if (!(caller.error instanceof Refusal) || caller.error.kind !== 'unauthenticated') {
      throw caller.error;
    } else {
      await limits.stranger(request);
    }
    assertRoute(request, reply);
    if (access === 'public') return;
    if (!('actor' in caller)) throw caller.error;
    assertPermitted(request, caller.actor, access, gatekeepers);
  });
};

const recognise = async (
  request: FastifyRequest,
  { authenticator, limits }: Gatekeepers,
): Promise<{ readonly actor: Actor } | { readonly error: unknown }> => {
  try {
    const { authorization } = request.headers;
    const actor = await authenticator.authenticate(authorization, () => limits.isSuspect(request));
    return { actor };
  } catch (error) {
    return { error };
  }
};

const assertPermitted = (
  request: FastifyRequest,
  actor: Actor,
  permission: string | undefined,
  { denials, metrics, permissions }: Gatekeepers,
): void => {
  if (permission !== undefined && permissions.allows(actor.roles, permission)) return;
  const route = `${request.method} ${request.routeOptions.url ?? 'unknown'}`;
  metrics.forbidden.inc({ route });
  const { correlationId } = contextOf(request);
  denials.note({ actor, route, permission: permission ?? 'none', correlationId });
  throw new Refusal(
    'FORBIDDEN',
    'forbidden',
    permission === undefined
      ? 'this route names no permission, so nobody may use it'
      : `this needs the permission ${permission}, which the roles of your key do not hold`,
  );
};
