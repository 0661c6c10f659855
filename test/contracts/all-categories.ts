import { join } from 'node:path';

import { contexts } from '#apps/contexts.js';
import type { Category } from '#kernel/context.js';
import type { DomainEvent } from '#kernel/event.js';
import { exampleEvents } from '#kernel/event-types.js';
import { projectRoot } from '#testing/build.js';

/** Every category of the contexts. */
export const allCategories: readonly Category[] = contexts.flatMap(({ categories }) => categories);

/** Where the golden files of a category are. */
export const fixturesOf = (category: Category): string => {
  const context = contexts.find(({ categories }) => categories.includes(category));
  return join(projectRoot, 'libs', context?.name ?? '', 'fixtures');
};

/** One valid example of each event type of a category. */
export const examplesOf = ({ events }: Category): readonly DomainEvent[] =>
  Object.values(exampleEvents(events));
