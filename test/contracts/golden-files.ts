import { existsSync, readFileSync } from 'node:fs';

import { format } from 'prettier';

import { upcast } from '#event-log/codec.js';
import type { StoredEvent } from '#event-log/event-log.js';
import type { Category } from '#kernel/context.js';
import type { DomainEvent } from '#kernel/event.js';

import { allCategories, examplesOf, fixturesOf } from './all-categories.js';

// The golden files are what is on somebody's disk: entries are added, never changed. A category has one,
// `libs/<library>/fixtures/<category>.stored.json`: every type that it stores or ever stored, in an order
// that can be folded. `<category>.state.json` is what they fold to, in the form that the state has
// today: that file follows the code where a state is held in another form.

/** What was stored, as the golden file has it. */
export type GoldenEvent = Pick<StoredEvent, 'type' | 'data'>;

export const golden = (path: string): unknown =>
  existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : [];

export const pathsOf = (category: Category) => {
  const path = `${fixturesOf(category)}/${category.category}`;
  return { stored: `${path}.stored.json`, state: `${path}.state.json` };
};

/** As JSON shows it: maps and sets as lists, 64-bit numbers as strings. */
export const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, member: unknown) => {
      if (member instanceof Map || member instanceof Set) return [...(member as Iterable<unknown>)];
      return typeof member === 'bigint' ? String(member) : member;
    }),
  );

/** Golden events in the shape of today. */
export const newestOf = (
  category: Category,
  stored: readonly GoldenEvent[],
): readonly DomainEvent[] => stored.map((event) => upcast(category, event as StoredEvent));

/** The state that events of a category fold to, as JSON shows it. */
export const folded = (category: Category, events: readonly DomainEvent[]): unknown =>
  plain(events.reduce(category.evolve, category.initialState));

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'list' : typeof value);

/** The members of an example that no event of its type was ever stored with, in its kind or as null. */
export const strangers = (example: DomainEvent, events: readonly DomainEvent[]): string[] =>
  Object.entries(example.data).flatMap(([name, value]) => {
    const stored = events
      .filter(({ type, data }) => type === example.type && Object.hasOwn(data, name))
      .map(({ data }) => (data as Record<string, unknown>)[name]);
    const isKnown = stored.some(
      (other) => value === null || other === null || kindOf(other) === kindOf(value),
    );
    return isKnown ? [] : [`${example.type}.${name}`];
  });

/** Golden files that lack an event type, or a member of one, with its example added: path -> content. */
export const grownGoldenFiles = async (): Promise<ReadonlyMap<string, string>> => {
  const grown = new Map<string, string>();
  for (const category of allCategories) {
    const paths = pathsOf(category);
    const before = golden(paths.stored) as readonly GoldenEvent[];
    const events = newestOf(category, before);
    const added = examplesOf(category).filter(
      (example) =>
        !events.some(({ type }) => type === example.type) || strangers(example, events).length > 0,
    );
    if (added.length === 0) continue;
    const json = (value: unknown) =>
      format(JSON.stringify(value), { parser: 'json', printWidth: 100 });
    grown.set(paths.stored, await json([...before, ...added]));
    grown.set(paths.state, await json(folded(category, [...events, ...added])));
  }
  return grown;
};
