import { Controller, Get, Module } from '@nestjs/common';
import { DiscoveryModule, NestFactory } from '@nestjs/core';
import { describe, expect, it } from 'vitest';

import { ClosedRoutes } from './closed-routes.js';
import { PermissionTable } from './permissions.js';
import { Public, RequirePermission } from './require-permission.js';

import 'reflect-metadata';

@Controller('decided')
class DecidedController {
  @Get('a')
  @RequirePermission('products.read')
  withPermission() {
    return this.helper();
  }

  @Get('b')
  @Public()
  open() {
    return this.helper();
  }

  helper() {
    return 1;
  }
}

@Controller('all')
@RequirePermission('products.read')
class WholeController {
  @Get()
  any() {
    return 1;
  }
}

@Controller('forgotten')
class ForgottenController {
  @Get()
  oversight() {
    return 1;
  }
}

@Controller('misspelt')
class MisspeltController {
  @Get()
  @RequirePermission('product.read')
  typo() {
    return 1;
  }
}

const permissions = new PermissionTable([{ permissions: { 'products.read': ['viewer'] } }]);

@Module({
  imports: [DiscoveryModule],
  providers: [ClosedRoutes, { provide: PermissionTable, useValue: permissions }],
})
class CheckModule {}

const start = async (...controllers: (new () => object)[]): Promise<void> => {
  const module = { module: CheckModule, controllers };
  const app = await NestFactory.createApplicationContext(module, {
    logger: false,
    abortOnError: false,
  });
  await app.close();
};

describe('the start', () => {
  it('goes on while every route names a permission or that it is public', async () => {
    await expect(start(DecidedController, WholeController)).resolves.toBeUndefined();
  });

  it('stops at a route that says nothing, and names it', async () => {
    await expect(start(DecidedController, ForgottenController)).rejects.toThrow(
      /ForgottenController\.oversight$/,
    );
  });

  it('stops at a permission that no context declares', async () => {
    await expect(start(DecidedController, MisspeltController)).rejects.toThrow(
      /MisspeltController\.typo$/,
    );
  });
});
