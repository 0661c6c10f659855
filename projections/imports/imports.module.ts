import { Module } from '@nestjs/common';

import { ImportModule } from '#product-registry/import/import.module.js';

import { ImportsController } from './imports.http.js';

/** Imports over HTTP: sent, run and answered for. */
@Module({ imports: [ImportModule], controllers: [ImportsController] })
export class ImportsModule {}
