import { readFileSync } from 'node:fs';

import { Reading } from '#event-log/reading.js';
import { schemaOf } from '#read-store/schema-names.js';
import { defineProjection, type Projection } from '#subscription/projection/projection.js';
import { samplesDecider } from '#telemetry/samples/decider.js';

const source = (path: string): URL => new URL(path, import.meta.url);
const table = source('./table.sql');

/** Samples as they count, what their series stand for, and their roll-ups. */
export const samples: Projection = defineProjection({
  ...{ name: 'samples', version: 1 },
  sources: [table],
  tables: readFileSync(table, 'utf8'),
  reading: new Reading([samplesDecider]),
  on: {},
  load: () => Promise.resolve(undefined),
  save: () => Promise.resolve(),
});

/** The schema that queries of this version read. */
export const samplesSchema = schemaOf(samples);
