import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';

import { routeConfigOf } from '#http/route-config.js';

import './require-permission.js';

/** Nest's own key for the path of a controller or of a handler. */
const pathMetadata = 'path';

/** Refuses to start while a route names neither a permission nor that it is public. */
@Injectable()
export class ClosedRoutes implements OnApplicationBootstrap {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  onApplicationBootstrap(): void {
    const open = this.discovery.getControllers().flatMap(({ metatype }) => {
      if (typeof metatype !== 'function') return [];
      const prototype = metatype.prototype as Record<string, unknown>;
      return this.scanner
        .getAllMethodNames(prototype)
        .map((name) => ({ name, handler: prototype[name] }))
        .filter(({ handler }) => isUndecided(handler))
        .map(({ name }) => `${metatype.name}.${name}`);
    });
    if (open.length === 0) return;
    throw new Error(
      `routes without @RequirePermission or @Public, which nobody could use: ${open.join(', ')}`,
    );
  }
}

const isUndecided = (handler: unknown): boolean =>
  typeof handler === 'function' &&
  Reflect.getMetadata(pathMetadata, handler) !== undefined &&
  routeConfigOf(handler).access === undefined;
