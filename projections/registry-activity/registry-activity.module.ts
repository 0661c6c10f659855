import { Module } from '@nestjs/common';

import { RegistryActivityController } from './registry-activity.http.js';

/** The route of the registry's activity. Expects `ReadStore` to be provided globally. */
@Module({ controllers: [RegistryActivityController] })
export class RegistryActivityModule {}
