import { readFileSync } from 'node:fs';

import { Reading } from '#event-log/reading.js';
import { importDecider } from '#product-registry/import/decider.js';
import { importsVersion } from '#product-registry/import/read-model.js';
import { defineProjection, type Projection } from '#subscription/projection/projection.js';

import { changes } from './projector.js';
import { loadWork, saveWork } from './working-set.js';

const source = (path: string): URL => new URL(path, import.meta.url);
const table = source('./table.sql');

/** Imports and the outcomes of their rows. */
export const imports: Projection = defineProjection({
  ...importsVersion,
  sources: [
    table,
    source('./projector.js'),
    source('./working-set.js'),
    source('./save-rows.js'),
    source('../../libs/kernel/src/plain-text.js'),
    source('../../libs/kernel/src/refusal.js'),
    source('../../libs/product-registry/src/codes.js'),
    source('../../libs/product-registry/src/import/review/review-kinds.js'),
    source('../../libs/read-store/src/moves.js'),
  ],
  tables: readFileSync(table, 'utf8'),
  reading: new Reading([importDecider]),
  on: changes,
  load: loadWork,
  save: saveWork,
});
