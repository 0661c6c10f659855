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
  version: 2,
  sources: [
    table,
    source('./projector.js'),
    source('./working-set.js'),
    source('../../libs/read-store/src/moves.js'),
    source('./rows.js'),
    source('./amounts.js'),
    source('./search-text.js'),
    source('./manufacturer-state.js'),
    source('../../libs/product-registry/src/product/document.js'),
    source('../../libs/product-registry/src/product/superseded-where.js'),
  ],
  sameRows: {
    hash: 'd6f6ea4ce8f0bc008e37e0682355cdafe53d49517009c918efc3ec93ca582959',
    as: [
      '97beadabd775075d10c2dde1178561aa8daec8a324e00c049fb92aa843e987df',
      'eb455c7cd80d3b71c28bc4ecc9189d52b9a323739d85182185c6d3e803550609',
      'f6b925587cfbeebe2349f8241806ae5ca466fba5060c4e975d7cbd206effdee8',
      '4a19caa3e4112140be2ae8733813ec01384cf8a326550f22a2183a3ef84b6137',
    ],
  },
  tables: readFileSync(table, 'utf8'),
  reading: new Reading([productDecider, manufacturerDecider]),
  on: changes,
  load: loadWork,
  save: saveWork,
});

/** The schema that queries of this version read. */
export const catalog = schemaOf(productCatalog);
