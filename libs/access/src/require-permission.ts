import { ConfigureRoute } from '#http/route-config.js';

import type { Permission } from './permissions.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may use the route: set by `RequirePermission` or `Public`. Nobody where it is absent. */
    access?: Permission | 'public';
  }
}

/** Names the permission that a route (or every other route of a controller) needs. */
export const RequirePermission = (permission: Permission): ClassDecorator & MethodDecorator =>
  ConfigureRoute({ access: permission });

/** Opens a route to everybody. A route with neither decorator is refused, and the API does not start. */
export const Public = (): ClassDecorator & MethodDecorator => ConfigureRoute({ access: 'public' });
