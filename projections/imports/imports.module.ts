import { type DynamicModule, Module } from '@nestjs/common';

import { ImportModule, type ImportSettings } from '#product-registry/import/import.module.js';

import { ImportsController } from './imports.http.js';

/** Imports over HTTP: sent, run and answered for. */
@Module({})
export class ImportsModule {
  static over(settings: ImportSettings): DynamicModule {
    return {
      module: ImportsModule,
      imports: [ImportModule.over(settings)],
      controllers: [ImportsController],
    };
  }
}
