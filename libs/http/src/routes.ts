import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { CONTROLLER_WATERMARK } from '@nestjs/common/constants.js';

import type { Routes } from '#kernel/context.js';

/** The controllers and modules of a context or a read model, in a module. */
@Module({})
export class RoutesModule {
  static async of(load: Routes): Promise<DynamicModule> {
    const classes = (await load()) as readonly Type[];
    const isController = (type: Type) => Reflect.hasMetadata(CONTROLLER_WATERMARK, type);
    const imports = classes.filter((type) => !isController(type));
    const controllers = classes.filter(isController);
    return { module: RoutesModule, controllers, imports, exports: imports };
  }
}
