import { readFileSync } from 'node:fs';

import { Reading } from '#event-log/reading.js';
import { schemaOf } from '#read-store/schema-names.js';
import { defineProjection, type Projection } from '#subscription/projection/projection.js';
import { deviceCategory, deviceEvents } from '#telemetry/device/events.js';
import { samplesCategory, samplesEvents } from '#telemetry/samples/events.js';
import { seriesCategory, seriesEvents } from '#telemetry/series/events.js';
import { siteCategory, siteEvents } from '#telemetry/site/events.js';

import { changes } from './projector.js';
import { SamplesWork } from './working-set.js';

const source = (path: string): URL => new URL(path, import.meta.url);
const table = source('./table.sql');

/** Samples as they count, what their series stand for, and their roll-ups. */
export const samples: Projection = defineProjection<SamplesWork>({
  ...{ name: 'samples', version: 2 },
  sameRows: {
    hash: '0dfda5f9405f3ee50c07e827745c8e220e0f12d38d4ec482defc8284e52844f1',
    as: [
      'de9e2c445f7dae48d96557501a57818629219347f6a2474bcc51446b4c05dd97',
      '86b47c52e63ef751df70f3e403e8aaddd7dd9846b722d9e1bf6af93f9a66b65b',
    ],
  },
  sources: [
    table,
    source('./projector.js'),
    source('./working-set.js'),
    source('./arriving.js'),
    source('./take.js'),
    source('./change.js'),
    source('./store.js'),
    source('./series.js'),
    source('./places.js'),
    source('./intake.js'),
    source('./grow.js'),
    source('./recompute.js'),
    source('./pieces.js'),
    source('./roll-ups.js'),
    source('./summary.js'),
    source('./buckets.js'),
    source('./sql.js'),
  ],
  tables: readFileSync(table, 'utf8'),
  reading: new Reading([
    { category: samplesCategory, events: samplesEvents },
    { category: seriesCategory, events: seriesEvents },
    { category: siteCategory, events: siteEvents },
    { category: deviceCategory, events: deviceEvents },
  ]),
  on: changes,
  load: (client, events) => SamplesWork.load(client, events),
  save: (client, work) => work.save(client),
});

/** The schema that queries of this version read. */
export const samplesSchema = schemaOf(samples);
