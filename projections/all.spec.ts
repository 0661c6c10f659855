import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

import { hashOf } from '#subscription/projection/projection-hash.js';

import { projections } from './all.js';

const root = new URL('../', import.meta.url);
const { imports: aliases } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
  imports: Record<string, { source: string }>;
};

const typescript = (url: URL): URL => new URL(url.href.replace(/\.js$/, '.ts'));

/** The file that an import names, by a relative path or by an alias; none for a package. */
const fileOf = (path: string, from: URL): URL[] => {
  if (path.startsWith('.')) return [typescript(new URL(path, from))];
  return Object.entries(aliases).flatMap(([alias, { source }]) => {
    const [before = '', after = ''] = alias.split('*');
    if (!path.startsWith(before)) return [];
    return [new URL(source.replace('*', path.slice(before.length, -after.length)), root)];
  });
};

/** The files of ours that a text imports, or exports again, for more than their types. */
const importsOf = (text: string, from: URL): URL[] =>
  ts
    .createSourceFile('source.ts', text, ts.ScriptTarget.Latest)
    .statements.flatMap((statement) => {
      if (ts.isImportDeclaration(statement)) {
        const names = statement.importClause?.namedBindings;
        const typesAlone =
          statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword ||
          (names !== undefined &&
            ts.isNamedImports(names) &&
            names.elements.every(({ isTypeOnly }) => isTypeOnly));
        return typesAlone ? [] : [statement.moduleSpecifier];
      }
      if (!ts.isExportDeclaration(statement) || statement.isTypeOnly) return [];
      return statement.moduleSpecifier ? [statement.moduleSpecifier] : [];
    })
    .flatMap((specifier) => fileOf((specifier as ts.StringLiteral).text, from));

const pathOf = ({ href }: URL): string => href.slice(root.href.length);

/** What never makes other rows of the same events: stored names and formats, which do not change. */
const fixed = [
  /\/events\.ts$/,
  /^libs\/event-log\/src\/key\/forfeited\.ts$/,
  /^libs\/event-log\/src\/position\.ts$/,
  /^libs\/subscription\/src\/projection\/projection\.ts$/,
  // Of which a projector takes its name and version.
  /^libs\/read-store\/src\/as-of\.ts$/,
];

/** What the files import of ours, directly or through others, and do not name. */
const unnamed = (sources: readonly URL[], textOf = (url: URL) => readFileSync(url, 'utf8')) => {
  const named = new Set(sources.map((source) => pathOf(typescript(source))));
  const missing = sources
    .map(typescript)
    .filter(({ href }) => href.endsWith('.ts'))
    .flatMap((source) => importsOf(textOf(source), source))
    .map(pathOf)
    .filter((path) => !named.has(path) && !fixed.some((known) => known.test(path)));
  return [...new Set(missing)];
};

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
      expect(unnamed(projection.sources)).toEqual([]);
    });
  },
);

it('has projections with names of their own', () => {
  expect(new Set(projections.map(({ name }) => name)).size).toBe(projections.length);
});

describe('an import that a projection does not name', () => {
  const source = new URL('projections/example/projector.ts', root);

  it.each([
    ["import { a } from './a.js';", 'projections/example/a.ts'],
    ["import { type A, a } from '#kernel/amount.js';", 'libs/kernel/src/amount.ts'],
    [
      "import * as a from '#product-registry/product/a.js';",
      'libs/product-registry/src/product/a.ts',
    ],
    ["import '#apps/a.js';", 'apps/a.ts'],
    ["export { a } from '../a.js';", 'projections/a.ts'],
    ["export * from '#projections/a.js';", 'projections/a.ts'],
  ])('is found in: %s', (text, path) => {
    expect(unnamed([source], () => text)).toEqual([path]);
  });

  it.each([
    "import type { A } from '#kernel/a.js';",
    "import { type A, type B } from './a.js';",
    "import { streamOf } from '#product-registry/product/events.js';",
    "import pg from 'pg';",
  ])('is none in: %s', (text) => {
    expect(unnamed([source], () => text)).toEqual([]);
  });
});
