import { readFileSync } from 'node:fs';

import { Reading } from '#event-log/reading.js';
import { manufacturerDecider } from '#product-registry/manufacturer/decider.js';
import { productDecider } from '#product-registry/product/decider.js';
import { schemaOf } from '#read-store/schema-names.js';
import { defineProjection, type Projection } from '#subscription/projection/projection.js';

import { changes } from './projector.js';
import { loadWork, saveWork } from './working-set.js';

const source = (path: string): URL => new URL(path, import.meta.url);
const table = source('./table.sql');

/** Products by what they are, and manufacturers by what they are called: the catalogue's read model. */
export const productCatalog: Projection = defineProjection({
  name: 'product-catalog',
  version: 6,
  sources: [
    table,
    source('./projector.js'),
    source('./working-set.js'),
    source('../../libs/read-store/src/moves.js'),
    source('./rows.js'),
    source('../../libs/product-registry/src/amounts.js'),
    source('./search-text.js'),
    source('./manufacturer-state.js'),
    source('../../libs/kernel/src/plain-text.js'),
    source('../../libs/kernel/src/refusal.js'),
    source('../../libs/product-registry/src/codes.js'),
    source('../../libs/product-registry/src/look-alike.js'),
    source('../../libs/product-registry/src/manufacturer/name-look-alike.js'),
    source('../../libs/product-registry/src/plausibility/findings.js'),
    source('../../libs/product-registry/src/plausibility/battery-facts.js'),
    source('../../libs/product-registry/src/plausibility/battery-rules.js'),
    source('../../libs/product-registry/src/product/document.js'),
    source('../../libs/product-registry/src/product/document-identity.js'),
    source('../../libs/product-registry/src/product/document-parts.js'),
    source('../../libs/product-registry/src/product/superseded-where.js'),
  ],
  tables: readFileSync(table, 'utf8'),
  reading: new Reading([productDecider, manufacturerDecider]),
  on: changes,
  load: loadWork,
  save: saveWork,
});

/** The schema that queries of this version read. */
export const catalog = schemaOf(productCatalog);
