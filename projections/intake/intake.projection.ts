import { readFileSync } from 'node:fs';

import { Reading } from '#event-log/reading.js';
import { schemaOf } from '#read-store/schema-names.js';
import { defineProjection, type Projection } from '#subscription/projection/projection.js';
import { configurationDecider } from '#telemetry/configuration/decider.js';
import { linkDecider } from '#telemetry/link/decider.js';
import { occurrenceDecider } from '#telemetry/occurrence/decider.js';
import { quarantineDecider } from '#telemetry/quarantine/decider.js';
import { samplesDecider } from '#telemetry/samples/decider.js';

import { changes } from './projector.js';
import { loadWork, saveWork } from './working-set.js';

const source = (path: string): URL => new URL(path, import.meta.url);
const table = source('./table.sql');

/** What came from devices besides their samples, and what became of all that came. */
export const intake: Projection = defineProjection({
  ...{ name: 'intake', version: 1 },
  sources: [
    table,
    source('./projector.js'),
    source('./rows.js'),
    source('./working-set.js'),
    source('../../libs/read-store/src/rows-by-id.js'),
  ],
  tables: readFileSync(table, 'utf8'),
  reading: new Reading([
    ...[quarantineDecider, occurrenceDecider, linkDecider],
    ...[samplesDecider, configurationDecider],
  ]),
  on: changes,
  load: loadWork,
  save: saveWork,
});

/** The schema that queries of this version read. */
export const intakeSchema = schemaOf(intake);
