import { readFileSync } from 'node:fs';

import { apiKeyDecider } from '#access/api-key/decider.js';
import { Reading } from '#event-log/reading.js';
import { defineProjection, type Projection } from '#subscription/projection/projection.js';

import { changes, saveWork } from './projector.js';

const table = new URL('./table.sql', import.meta.url);

/** Which API keys there are, who issued them and who revoked them. */
export const apiKeys: Projection = defineProjection({
  name: 'api-keys',
  version: 1,
  sources: [table, new URL('./projector.js', import.meta.url)],
  tables: readFileSync(table, 'utf8'),
  reading: new Reading([apiKeyDecider]),
  on: changes,
  load: () => Promise.resolve({ issued: [], revoked: new Map() }),
  save: saveWork,
});
