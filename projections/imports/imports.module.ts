import { Module } from '@nestjs/common';

import { ImportModule } from '#product-registry/import/import.module.js';

import { ImportsController } from './imports.http.js';
import { ReviewsController } from './reviews.http.js';

/** Imports over HTTP: sent, run and answered for. */
@Module({ imports: [ImportModule], controllers: [ImportsController, ReviewsController] })
export class ImportsModule {}
