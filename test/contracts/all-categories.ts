import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { contexts } from '#apps/contexts.js';
import type { Category } from '#kernel/context.js';
import type { DomainEvent } from '#kernel/event.js';
import { projectRoot } from '#testing/build.js';

/** Every category of the contexts. */
export const allCategories: readonly Category[] = contexts.flatMap(({ categories }) => categories);

/** Where the golden files of a category are. */
export const fixturesOf = (category: Category): string => {
  const context = contexts.find(({ categories }) => categories.includes(category));
  return join(projectRoot, 'libs', context?.name ?? '', 'fixtures');
};

const isEvent = (value: unknown): value is DomainEvent =>
  typeof value === 'object' && value !== null && 'type' in value && 'data' in value;

/** Examples that stand beside an `events.ts` which declares none. */
const besides = async (): Promise<readonly DomainEvent[]> => {
  const libs = join(projectRoot, 'libs');
  const files = readdirSync(libs, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('/examples.ts'),
  );
  const modules = await Promise.all(
    files.map((file) => import(join(libs, file)) as Promise<Record<string, unknown>>),
  );
  return modules.flatMap(Object.values).flatMap((value: unknown) => {
    if (isEvent(value)) return [value];
    return Object.entries(value as Record<string, DomainEvent['data']>).map(([type, data]) => ({
      type,
      data,
    }));
  });
};

/** The example of each event type that a category declares. */
export const declaredExamples = ({ events }: Category): readonly DomainEvent[] =>
  Object.entries(events).flatMap(([type, declared]) =>
    declared === true ? [] : [{ type, data: declared.example }],
  );

/** One valid example of each event type of a category. */
export const examplesOf = async (category: Category): Promise<readonly DomainEvent[]> => {
  const others = (await besides()).filter(({ type }) => category.events[type] === true);
  return [...declaredExamples(category), ...others];
};
