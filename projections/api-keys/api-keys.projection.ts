import { readFileSync } from 'node:fs';

import { apiKeyDecider } from '#access/api-key/decider.js';
import { Reading } from '#event-log/reading.js';
import { rowsById } from '#read-store/rows-by-id.js';
import { defineProjection, type Projection } from '#subscription/projection/projection.js';

import { type ApiKeyRow, changes } from './projector.js';

const source = (path: string): URL => new URL(path, import.meta.url);
const table = source('./table.sql');

/** Which API keys there are, who issued them and who revoked them. */
export const apiKeys: Projection = defineProjection({
  name: 'api-keys',
  version: 1,
  sources: [table, source('./projector.js')],
  sameRows: {
    hash: 'af0f19b9c8f8a02ebc82c7fc9a77cf3a7d86db57e6fe2174b1195d283b7516f9',
    as: [
      '223950d5ea49ff8c3ad5f337deda0a6ccb36bffc95b9398c691ba806b12a7d63',
      'b5af9a4f5201dda3a600eb46c739f4c4172da09078ee67b1b1fad7853d6555c7',
      '814ccc653e2628486b3f258718547ec850a00e2aa3764256f17191c4c4fed5f5',
    ],
  },
  tables: readFileSync(table, 'utf8'),
  reading: new Reading([apiKeyDecider]),
  on: changes,
  ...rowsById<ApiKeyRow>('api_keys'),
});
