import { ConfigureRoute } from '#http/route-config.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The permission that the route needs, or `public`. Nobody may use it where it is absent. */
    access?: string;
  }
}

/** Names the permission that a route (or every other route of a controller) needs; a context declares it. */
export const RequirePermission = (permission: string): ClassDecorator & MethodDecorator =>
  ConfigureRoute({ access: permission });

/** Opens a route to everybody. A route with neither decorator is refused, and the API does not start. */
export const Public = (): ClassDecorator & MethodDecorator => ConfigureRoute({ access: 'public' });
