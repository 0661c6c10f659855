import { RouteConfig } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { FastifyContextConfig } from 'fastify';

/** What the decorators of a handler have put into the configuration of its route. */
export const routeConfigOf = (handler: object): FastifyContextConfig =>
  (Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler) ?? {}) as FastifyContextConfig;

const isHandler = (value: unknown): value is object => typeof value === 'function';

/**
 * Adds to Fastify's configuration of a route, which the hooks read before a body is. On a controller
 * it is what those of its routes get that do not say otherwise: decorators of methods run first.
 */
export const ConfigureRoute =
  (config: FastifyContextConfig): ClassDecorator & MethodDecorator =>
  (target: object, name?: string | symbol, method?: PropertyDescriptor): void => {
    if (name !== undefined && method) {
      RouteConfig({ ...routeConfigOf(method.value as object), ...config })(target, name, method);
      return;
    }
    const { prototype } = target as { prototype: object };
    for (const [key, own] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (key === 'constructor' || !isHandler(own.value)) continue;
      RouteConfig({ ...config, ...routeConfigOf(own.value) })(prototype, key, own);
    }
  };
