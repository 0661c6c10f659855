import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';

import { routeConfigOf } from '#http/route-config.js';

import { PermissionTable } from './permissions.js';

import './require-permission.js';

/** Nest's own key for the path of a controller or of a handler. */
const pathMetadata = 'path';

/** Refuses to start while a route names neither a permission that a context declares nor that it is public. */
@Injectable()
export class ClosedRoutes implements OnApplicationBootstrap {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly permissions: PermissionTable,
  ) {}

  onApplicationBootstrap(): void {
    const open = this.discovery.getControllers().flatMap(({ metatype }) => {
      if (typeof metatype !== 'function') return [];
      const prototype = metatype.prototype as Record<string, unknown>;
      return this.scanner
        .getAllMethodNames(prototype)
        .map((name) => ({ name, handler: prototype[name] }))
        .filter(({ handler }) => this.isClosedToAll(handler))
        .map(({ name }) => `${metatype.name}.${name}`);
    });
    if (open.length === 0) return;
    throw new Error(
      `routes without a declared @RequirePermission or @Public, which nobody could use: ${open.join(', ')}`,
    );
  }

  private isClosedToAll(handler: unknown): boolean {
    if (typeof handler !== 'function' || !Reflect.hasMetadata(pathMetadata, handler)) return false;
    const { access } = routeConfigOf(handler);
    return access === undefined || (access !== 'public' && !this.permissions.has(access));
  }
}
