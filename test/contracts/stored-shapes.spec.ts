import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { keyCategory, keyClaimed } from '#event-log/key/claim-key.js';
import { evolveKeys, keyForfeited, noKeys } from '#event-log/key/forfeited.js';
import type { Category } from '#kernel/context.js';
import { compiledRoot, projectRoot } from '#testing/build.js';

import { allCategories, examplesOf } from './all-categories.js';
import {
  folded,
  golden,
  type GoldenEvent,
  newestOf,
  pathsOf,
  plain,
  strangers,
} from './golden-files.js';

const libs = join(projectRoot, 'libs');

describe.each(allCategories.map((each) => [each.category, each] as const))(
  'what a %s stored once',
  (_, decider) => {
    const paths = pathsOf(decider);
    const stored = golden(paths.stored) as readonly GoldenEvent[];
    const events = () => newestOf(decider, stored);

    it('has every type that is stored today or was', () => {
      const types = new Set(stored.map(({ type }) => type));
      const known = [...Object.keys(decider.events), ...Object.keys(decider.upcasts ?? {})];
      expect([...types].sort()).toEqual(known.sort());
    });

    it('still folds to the same state', () => {
      expect(folded(decider, events())).toEqual(golden(paths.state));
    });

    it('is read as the shape that is stored today', () => {
      expect(examplesOf(decider).flatMap((example) => strangers(example, events()))).toEqual([]);
    });
  },
);

describe('what was stored of claimed keys', () => {
  const path = join(libs, 'event-log', 'fixtures', keyCategory);
  const stored = golden(`${path}.stored.json`) as readonly GoldenEvent[];

  it('has both types', () => {
    expect(stored.map(({ type }) => type)).toEqual([keyClaimed, keyForfeited]);
  });

  it('still folds to the same state', () => {
    const forfeited = stored
      .filter(({ type }) => type === keyForfeited)
      .reduce((before, { data }) => evolveKeys(before, data), noKeys);
    expect(plain(forfeited)).toEqual(golden(`${path}.state.json`));
  });
});

it('is known of every decider of the libraries', async () => {
  const compiled = join(compiledRoot, 'libs');
  const files = readdirSync(compiled, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\/src\/.*(?:^|\/)decider\.js$/.test(file),
  );
  const modules = await Promise.all(
    files.map((file) => import(join(compiled, file)) as Promise<Record<string, unknown>>),
  );
  const found = modules.flatMap(Object.values).filter(isDecider);
  expect(found.length).toBeGreaterThanOrEqual(7);
  expect(new Set(found)).toEqual(new Set(allCategories));
});

const isDecider = (value: unknown): value is Category =>
  typeof value === 'object' && value !== null && 'decide' in value && 'category' in value;
