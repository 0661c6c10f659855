import { readFileSync } from 'node:fs';

import { alarmDecider } from '#battery-lab/alarm/decider.js';
import { batteryDecider } from '#battery-lab/battery/decider.js';
import { experimentDecider } from '#battery-lab/experiment/decider.js';
import { experimentsVersion } from '#battery-lab/import/read-model.js';
import { Reading } from '#event-log/reading.js';
import { schemaOf } from '#read-store/schema-names.js';
import { defineProjection, type Projection } from '#subscription/projection/projection.js';

import { changes } from './projector.js';
import { loadWork, saveWork } from './working-set.js';

const source = (path: string): URL => new URL(path, import.meta.url);
const table = source('./table.sql');

/** Experiments with their steps, and the alarms that they raised. */
export const experiments: Projection = defineProjection({
  ...experimentsVersion,
  sources: [
    ...[table, source('./projector.js'), source('./rows.js'), source('./working-set.js')],
    ...['experiment', 'alarm'].map((folder) =>
      source(`../../libs/battery-lab/src/${folder}/document.js`),
    ),
    source('../../libs/battery-lab/src/experiment/gaps.js'),
    source('../../libs/battery-lab/src/import/document.js'),
    source('../../libs/read-store/src/rows-by-id.js'),
  ],
  tables: readFileSync(table, 'utf8'),
  reading: new Reading([experimentDecider, alarmDecider, batteryDecider]),
  on: changes,
  load: loadWork,
  save: saveWork,
});

/** The schema that queries of this version read. */
export const experimentsSchema = schemaOf(experiments);
