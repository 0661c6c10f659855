import { ApiExtraModels } from '@nestjs/swagger';

import { asUuid } from '#http/query-params.js';
import { Refusal } from '#kernel/refusal.js';
import { resourceController } from '#resource/controller.js';
import type { SourceTexts } from '#resource/history.js';
import { defineResource, visibleIn } from '#resource/resource.js';

import { catalog, productCatalog } from './product-catalog.projection.js';
import { exportColumns } from './product-export.js';
import { productFilters } from './product-filters.js';
import { ElementResponse, ProductResponse } from './product-responses.http.js';
import {
  productAsOf,
  productColumns,
  productFolding,
  productOf,
  productsJoined,
} from './product-view.js';

/** The source's own texts that an event keeps beside its facts, or element by element. */
const sourceTexts: SourceTexts = ({ raw, elements }) => {
  const ofElements = Object.entries((elements ?? {}) as Record<string, { raw?: string } | null>)
    .filter(([, element]) => element?.raw !== undefined)
    .map(([name, element]) => [name, element?.raw] as const);
  const texts = { ...(raw as object | undefined), ...Object.fromEntries(ofElements) };
  return Object.keys(texts).length > 0 ? texts : undefined;
};

export const products = defineResource({
  name: 'products',
  tag: 'products',
  permission: 'products.read',
  ready: visibleIn(productCatalog),
  response: ProductResponse,
  select: productColumns,
  from: productsJoined,
  id: 'p.id',
  where: [() => 'p.is_listed'],
  item: productOf,
  list: {
    summary: 'Search products',
    description:
      'Bounds are in kWh and kW and include their value. With `format=csv` or `ndjson`, or such an ' +
      '`Accept`, every row is exported, as of one moment. The columns are always the same: amounts ' +
      'stand in one unit, which the name says, and what was written in another one beside them.',
    filters: productFilters,
    sorts: {
      code: { expression: 'p.code', type: 'text', nullable: true, former: 'code' },
      model: { expression: 'p.sort_model', type: 'text', former: 'sort_model' },
      manufacturer: {
        expression: 'm.sort_name',
        type: 'text',
        nullable: true,
        former: 'manufacturer',
      },
      type: { expression: 'p.product_type', type: 'text' },
      chemistry: { expression: 'p.chemistry', type: 'text', nullable: true, former: 'chemistry' },
      capacity: {
        expression: 'p.capacity_kwh',
        type: 'numeric',
        nullable: true,
        former: 'capacity_kwh',
      },
      power: { expression: 'p.power_kw', type: 'numeric', nullable: true, former: 'power_kw' },
      changed: { expression: 'p.position', type: 'bigint', former: 'position' },
    },
    moves: `${catalog}.moved_products`,
    export: { columns: exportColumns },
  },
  one: {
    summary: 'One product, by id or by a code that it has or had',
    description:
      'A merged one answers as the one that it was merged into. `asOf` answers what was recorded by then.',
    param: 'idOrCode',
    idOf: (idOrCode) =>
      asUuid(idOrCode) ??
      ((sql) =>
        `select product_id from ${catalog}.product_codes
          where code = ${sql.add(idOrCode.toUpperCase())}`),
    where: (id) => `p.id = (select resolved_id from ${catalog}.products where id = ${id})`,
    unknown: () => new Refusal('PRODUCT_UNKNOWN', 'not-found', 'there is no such product'),
  },
  history: {
    summary: 'Who changed what of a product, when, why, and on which evidence',
    description:
      'One item per event, with its field-level differences, the newest last. Of the one that the id or code is of itself, ' +
      'also where it was merged into another, and of those that were merged into it, named by `of`.',
    folding: productFolding,
    kin: ({ merged }) => merged.map(({ id }) => id),
    sourceTexts,
    asOf: productAsOf,
  },
});

@ApiExtraModels(ElementResponse)
export class ProductsController extends resourceController(products) {}
