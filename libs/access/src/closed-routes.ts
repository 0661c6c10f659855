import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';

import { permissionMetadata, publicMetadata } from './require-permission.js';

/** Nest's own key for the path of a controller or of a handler. */
const pathMetadata = 'path';

/** Refuses to start while a route names neither a permission nor that it is public. */
@Injectable()
export class ClosedRoutes implements OnApplicationBootstrap {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  onApplicationBootstrap(): void {
    const open = this.discovery.getControllers().flatMap(({ metatype }) => {
      if (typeof metatype !== 'function') return [];
      const prototype = metatype.prototype as Record<string, unknown>;
      return this.scanner
        .getAllMethodNames(prototype)
        .map((name) => ({ name, handler: prototype[name] }))
        .filter(({ handler }) => isUndecided(this.reflector, handler, metatype))
        .map(({ name }) => `${metatype.name}.${name}`);
    });
    if (open.length === 0) return;
    throw new Error(
      `routes without @RequirePermission or @Public, which nobody could use: ${open.join(', ')}`,
    );
  }
}

const isUndecided = (reflector: Reflector, handler: unknown, controller: object): boolean => {
  if (typeof handler !== 'function') return false;
  if (Reflect.getMetadata(pathMetadata, handler) === undefined) return false;
  const targets = [handler, controller] as Parameters<Reflector['getAllAndOverride']>[1];
  const named: unknown = reflector.getAllAndOverride(permissionMetadata, targets);
  const isPublic: unknown = reflector.getAllAndOverride(publicMetadata, targets);
  return named === undefined && isPublic !== true;
};
