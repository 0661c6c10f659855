import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { DomainEvent } from '#kernel/event.js';
import { projectRoot } from '#testing/build.js';

/**
 * What earlier versions recorded that operators asked for. Nobody decides on these categories any more,
 * and no other category may take their names: their events are in the log of existing installations.
 * The golden files are what is on somebody's disk: they never change.
 */
export const retiredCategories = [
  { category: 'consumer', types: ['ConsumerReset', 'DeadLettersRetried', 'DeadLetterDiscarded'] },
  { category: 'parkedEvent', types: ['ParkedRetryRequested', 'ParkedDiscarded'] },
].map(({ category, types }) => {
  const file = join(projectRoot, 'libs/subscription/fixtures', `${category}.stored.json`);
  return { category, types, stored: JSON.parse(readFileSync(file, 'utf8')) as DomainEvent[] };
});
