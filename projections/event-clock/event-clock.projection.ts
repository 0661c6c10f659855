import { readFileSync } from 'node:fs';

import { eventClockVersion } from '#read-store/as-of.js';
import { defineProjection } from '#subscription/projection/projection.js';

import { tick } from './projector.js';
import { type Clock, loadClock, saveClock } from './working-set.js';

const source = (path: string): URL => new URL(path, import.meta.url);
const table = source('./table.sql');

/**
 * Which position a time means. `created` gives no order: the store's clock may stop or jump back. Its
 * running maximum does, and each of its values is kept with the last event up to which it held.
 */
export const eventClock = defineProjection<Clock>({
  ...eventClockVersion,
  sources: [table, source('./projector.js'), source('./working-set.js')],
  sameRows: {
    hash: '952da3aadcf9560c589f5b46ae72f22bf26a204ef0fe39f0b43785d4c87fec48',
    as: [
      'aa837ce8957b75e0a8bf35a28fc0fba3b0b2550db39b5972eac91f2d7e3e37b7',
      '7f2fbded4782e4f65954e09fdd4335f1f38f4da1e70e1f2420debd1b5419e16b',
    ],
  },
  tables: readFileSync(table, 'utf8'),
  on: { '*': tick },
  load: loadClock,
  save: saveClock,
});
