import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from '@jest/globals';

import { hashOf } from '#read-store/projection-hash.js';

import { projections } from './all.js';

const typescript = (url: URL): URL => new URL(url.href.replace(/\.js$/, '.ts'));

/** Files of the same folder tree that a source imports for more than their types. */
const relativeImports = (source: URL): URL[] =>
  [
    ...readFileSync(typescript(source), 'utf8').matchAll(
      /^(import|export) (?!type )[^;]*? from '(\.[^']+)';/gms,
    ),
  ]
    .filter(([statement]) => !/^import \{(\s*type \w+,?)+\s*\} from/.test(statement))
    .map(([, , path]) => new URL(path ?? '', source));

describe.each(projections.map((projection) => [projection.name, projection] as const))(
  'the projection %s',
  (_, projection) => {
    it('names sources that exist', async () => {
      for (const source of projection.sources) {
        expect(existsSync(fileURLToPath(typescript(source)))).toBe(true);
      }
      expect(await hashOf(projection)).toMatch(/^[0-9a-f]{64}$/);
    });

    it('names every file that its sources import, so that a change of any raises the version', () => {
      const named = new Set(projection.sources.map(({ href }) => href));
      const missing = projection.sources
        .filter(({ href }) => href.endsWith('.js'))
        .flatMap(relativeImports)
        .filter(({ href }) => !named.has(href));
      expect(missing.map(({ href }) => href)).toEqual([]);
    });
  },
);

it('has projections with names of their own', () => {
  expect(new Set(projections.map(({ name }) => name)).size).toBe(projections.length);
});
