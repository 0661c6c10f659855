import { Module } from '@nestjs/common';

import { ManufacturersController } from './manufacturers.http.js';
import { ProductsController } from './products.http.js';

/** The catalogue's routes. Expects `ResourceReader` to be provided globally. */
@Module({ controllers: [ProductsController, ManufacturersController] })
export class ProductCatalogModule {}
