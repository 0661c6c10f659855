import { readFileSync } from 'node:fs';

import { batteryDecider } from '#battery-lab/battery/decider.js';
import { cyclerDeviceDecider } from '#battery-lab/device/decider.js';
import { profileDecider } from '#battery-lab/profile/decider.js';
import { stationDecider } from '#battery-lab/station/decider.js';
import { unitDecider } from '#battery-lab/unit/decider.js';
import { Reading } from '#event-log/reading.js';
import { schemaOf } from '#read-store/schema-names.js';
import { defineProjection, type Projection } from '#subscription/projection/projection.js';

import { changes, version } from './projector.js';
import { loadWork, saveWork } from './working-set.js';

const source = (path: string): URL => new URL(path, import.meta.url);
const table = source('./table.sql');

/** Which batteries, devices, units, stations and profiles a lab has. */
export const labThings: Projection = defineProjection({
  ...{ name: 'lab-things', version },
  sources: [
    ...[table, source('./projector.js'), source('./rows.js'), source('./working-set.js')],
    ...['battery', 'device', 'unit', 'station', 'profile'].map((folder) =>
      source(`../../libs/battery-lab/src/${folder}/document.js`),
    ),
    source('../../libs/read-store/src/rows-by-id.js'),
  ],
  tables: readFileSync(table, 'utf8'),
  reading: new Reading([
    ...[batteryDecider, cyclerDeviceDecider, unitDecider],
    ...[stationDecider, profileDecider],
  ]),
  on: changes,
  load: loadWork,
  save: saveWork,
});

/** The schema that queries of this version read. */
export const labSchema = schemaOf(labThings);
