import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { upcast } from '#event-log/codec.js';
import type { StoredEvent } from '#event-log/event-log.js';
import { keyCategory, keyClaimed } from '#event-log/key/claim-key.js';
import { evolveKeys, keyForfeited, noKeys } from '#event-log/key/forfeited.js';
import type { Category } from '#kernel/context.js';
import type { DomainEvent } from '#kernel/event.js';
import { projectRoot } from '#testing/build.js';

import { allCategories, examplesOf, fixturesOf } from './all-categories.js';

// The golden files are what is on somebody's disk: entries are added, never changed. A category has one,
// `libs/<library>/fixtures/<category>.stored.json`: every type that it stores or ever stored, in an order
// that can be folded. `<category>.state.json` is what they fold to, in the form that the state has
// today: that file follows the code where a state is held in another form.

const libs = join(projectRoot, 'libs');

const golden = (fixtures: string, name: string): unknown => {
  const path = join(fixtures, name);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : [];
};

/** As JSON shows it: maps and sets as lists, 64-bit numbers as strings. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, member: unknown) => {
      if (member instanceof Map || member instanceof Set) return [...(member as Iterable<unknown>)];
      return typeof member === 'bigint' ? String(member) : member;
    }),
  );

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'list' : typeof value);

/** The members of an example that no event of that type was ever stored with, in its kind or as null. */
const strangers = (example: DomainEvent, events: readonly DomainEvent[]): string[] =>
  Object.entries(example.data).flatMap(([name, value]) => {
    const stored = events
      .filter(({ type, data }) => type === example.type && Object.hasOwn(data, name))
      .map(({ data }) => (data as Record<string, unknown>)[name]);
    const isKnown = stored.some(
      (other) => value === null || other === null || kindOf(other) === kindOf(value),
    );
    return isKnown ? [] : [`${example.type}.${name}`];
  });

describe.each(allCategories.map((each) => [each.category, each] as const))(
  'what a %s stored once',
  (category, decider) => {
    const fixtures = fixturesOf(decider);
    const stored = golden(fixtures, `${category}.stored.json`) as readonly StoredEvent[];
    const events = () => stored.map((event) => upcast(decider, event));

    it('has every type that is stored today or was', () => {
      const types = new Set(stored.map(({ type }) => type));
      const known = [...Object.keys(decider.events), ...Object.keys(decider.upcasts ?? {})];
      expect([...types].sort()).toEqual(known.sort());
    });

    it('still folds to the same state', () => {
      const state = events().reduce(decider.evolve, decider.initialState);
      expect(plain(state)).toEqual(golden(fixtures, `${category}.state.json`));
    });

    it('is read as the shape that is stored today', async () => {
      const examples = await examplesOf(decider);
      expect(new Set(examples.map(({ type }) => type))).toEqual(
        new Set(Object.keys(decider.events)),
      );
      expect(examples.flatMap((example) => strangers(example, events()))).toEqual([]);
    });
  },
);

describe('what was stored of claimed keys', () => {
  const fixtures = join(libs, 'event-log', 'fixtures');
  const stored = golden(fixtures, `${keyCategory}.stored.json`) as readonly StoredEvent[];

  it('has both types', () => {
    expect(stored.map(({ type }) => type)).toEqual([keyClaimed, keyForfeited]);
  });

  it('still folds to the same state', () => {
    const forfeited = stored
      .filter(({ type }) => type === keyForfeited)
      .reduce((before, { data }) => evolveKeys(before, data), noKeys);
    expect(plain(forfeited)).toEqual(golden(fixtures, `${keyCategory}.state.json`));
  });
});

it('is known of every decider of the libraries', async () => {
  const files = readdirSync(libs, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\/src\/.*(?:^|\/)decider\.ts$/.test(file),
  );
  const modules = await Promise.all(
    files.map((file) => import(join(libs, file)) as Promise<Record<string, unknown>>),
  );
  const found = modules.flatMap(Object.values).filter(isDecider);
  expect(found.length).toBeGreaterThanOrEqual(8);
  expect(new Set(found)).toEqual(new Set(allCategories));
});

const isDecider = (value: unknown): value is Category =>
  typeof value === 'object' && value !== null && 'decide' in value && 'category' in value;
