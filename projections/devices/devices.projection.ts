import { readFileSync } from 'node:fs';

import { Reading } from '#event-log/reading.js';
import { schemaOf } from '#read-store/schema-names.js';
import { defineProjection, type Projection } from '#subscription/projection/projection.js';
import { configurationDecider } from '#telemetry/configuration/decider.js';
import { credentialDecider } from '#telemetry/credential/decider.js';
import { deviceDecider } from '#telemetry/device/decider.js';
import { seriesDecider } from '#telemetry/series/decider.js';
import { siteDecider } from '#telemetry/site/decider.js';

import { changes, version } from './projector.js';
import { loadWork, saveWork } from './working-set.js';

const source = (path: string): URL => new URL(path, import.meta.url);
const table = source('./table.sql');

/** Which sites and devices there are, how devices connect, what they run with, and what their series stand for. */
export const devices: Projection = defineProjection({
  ...{ name: 'devices', version },
  sameRows: {
    hash: '1ca5639b48db194639119ba9aa5fe307c04a93b982d3788d573d730bee67fb3e',
    as: ['1607242b1588c5a29fa160299229edea02d2bb3e215c62402391ae15c4ae889d'],
  },
  sources: [
    table,
    source('./projector.js'),
    source('./working-set.js'),
    source('../../libs/read-store/src/rows-by-id.js'),
  ],
  tables: readFileSync(table, 'utf8'),
  reading: new Reading([
    ...[siteDecider, deviceDecider],
    ...[credentialDecider, configurationDecider, seriesDecider],
  ]),
  on: changes,
  load: loadWork,
  save: saveWork,
});

/** The schema that queries of this version read. */
export const devicesSchema = schemaOf(devices);
