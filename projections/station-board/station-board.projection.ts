import { readFileSync } from 'node:fs';

import { alarmDecider } from '#battery-lab/alarm/decider.js';
import { experimentDecider } from '#battery-lab/experiment/decider.js';
import { queueDecider } from '#battery-lab/queue/decider.js';
import { cyclerSamplesDecider } from '#battery-lab/samples/decider.js';
import { stationDecider } from '#battery-lab/station/decider.js';
import { unitDecider } from '#battery-lab/unit/decider.js';
import { Reading } from '#event-log/reading.js';
import { schemaOf } from '#read-store/schema-names.js';
import { defineProjection, type Projection } from '#subscription/projection/projection.js';
import { linkDecider } from '#telemetry/link/decider.js';

import { changes, version } from './projector.js';
import { loadWork, saveWork } from './working-set.js';

const source = (path: string): URL => new URL(path, import.meta.url);
const table = source('./table.sql');

/** What stands and goes on at each station now. */
export const stationBoard: Projection = defineProjection({
  ...{ name: 'station-board', version },
  sources: [
    ...[table, source('./projector.js'), source('./rows.js'), source('./working-set.js')],
    source('./program-steps.js'),
    ...['alarm', 'experiment', 'queue', 'station'].map((folder) =>
      source(`../../libs/battery-lab/src/${folder}/document.js`),
    ),
    source('../../libs/battery-lab/src/experiment/gaps.js'),
    source('../../libs/battery-lab/src/import/document.js'),
    source('../../libs/read-store/src/rows-by-id.js'),
  ],
  tables: readFileSync(table, 'utf8'),
  reading: new Reading([
    ...[stationDecider, unitDecider, queueDecider, experimentDecider, alarmDecider],
    ...[cyclerSamplesDecider, linkDecider],
  ]),
  on: changes,
  load: loadWork,
  save: saveWork,
});

/** The schema that queries of this version read. */
export const boardSchema = schemaOf(stationBoard);
