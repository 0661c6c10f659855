import { Module } from '@nestjs/common';

import { catalogReaderProvider } from './catalog-reader.js';
import { ManufacturersController } from './manufacturers.http.js';
import { ProductsController } from './products.http.js';

/** The catalogue's routes. Expects `ReadStore` and `EsdbEventLog` to be provided globally. */
@Module({
  controllers: [ProductsController, ManufacturersController],
  providers: [catalogReaderProvider],
})
export class ProductCatalogModule {}
