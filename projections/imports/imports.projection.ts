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
    source('../../libs/read-store/src/moves.js'),
  ],
  sameRows: {
    hash: '1e1b29a05b0834fcf9a443f98ab0ddabf6f637fe3d919c004abf51f2917f9644',
    as: [
      '9198433c5e333ca32875a50e17eba3ae50c4a6173c039cacf23f7cae72a82078',
      '640a401ef9bf18208b185fc4e58c700e2af670285775b9accbc2c38dd44d02b8',
    ],
  },
  tables: readFileSync(table, 'utf8'),
  reading: new Reading([importDecider]),
  on: changes,
  load: loadWork,
  save: saveWork,
});
