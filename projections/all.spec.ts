import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { hashOf } from '#subscription/projection/projection-hash.js';
import { importsIn } from '#test/architecture/imports.js';
import { compiledRoot, projectRoot } from '#testing/build.js';

import { projections } from './all.js';

/** By its path in this repository, as it was written. */
const pathOf = (source: URL): string =>
  relative(compiledRoot, fileURLToPath(source)).replace(/\.js$/, '.ts');

/** What never makes other rows of the same events: stored names and formats, which do not change. */
const fixed = [
  /\/events\.ts$/,
  /^libs\/event-log\/src\/key\/forfeited\.ts$/,
  /^libs\/event-log\/src\/position\.ts$/,
];

/** What the files import of ours, directly or through others, and do not name. */
const unnamed = (
  paths: readonly string[],
  textOf = (path: string) => readFileSync(join(projectRoot, path), 'utf8'),
) => {
  const missing = paths
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => importsIn(path, textOf(path)))
    .filter(({ to, typesOnly }) => !typesOnly && to.endsWith('.ts'))
    .map(({ to }) => to)
    .filter((to) => !paths.includes(to) && !fixed.some((known) => known.test(to)));
  return [...new Set(missing)];
};

describe.each(projections.map((projection) => [projection.name, projection] as const))(
  'the projection %s',
  (_, projection) => {
    const paths = projection.sources.map(pathOf);

    it('names sources that exist', () => {
      expect(paths.filter((path) => !existsSync(join(projectRoot, path)))).toEqual([]);
    });

    it('names every file that its sources import, so that a change of any raises the version', () => {
      expect(unnamed(paths)).toEqual([]);
    });

    // Installations hold hashes by which this version is refused as another one. Does it make other rows than before?
    // Raise the version, and drop `sameRows`. Does it make the same? Add the hash that stood here to `as`.
    it('has the version that its sources were given', async () => {
      const hash = await hashOf(projection);
      expect(projection.sameRows?.hash ?? hash).toBe(hash);
      expect(projection.sameRows?.as ?? []).not.toContain(hash);
    });
  },
);

it('has projections with names of their own', () => {
  expect(new Set(projections.map(({ name }) => name)).size).toBe(projections.length);
});

describe('an import that a projection does not name', () => {
  const source = 'projections/example/projector.ts';

  it.each([
    ["import { a } from './a.js';", 'projections/example/a.ts'],
    ["import { type A, a } from '#kernel/amount.js';", 'libs/kernel/src/amount.ts'],
    ["import '#apps/a.js';", 'apps/a.ts'],
    ["export * from '#projections/a.js';", 'projections/a.ts'],
  ])('is found in: %s', (text, path) => {
    expect(unnamed([source], () => text)).toEqual([path]);
  });

  it.each([
    "import type { A } from '#kernel/a.js';",
    "import { streamOf } from '#product-registry/product/events.js';",
    "import pg from 'pg';",
  ])('is none in: %s', (text) => {
    expect(unnamed([source], () => text)).toEqual([]);
  });
});
