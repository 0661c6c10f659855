import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import ts from 'typescript';
import { describe, expect, it } from 'vitest';

import { projectRoot } from '#testing/build.js';

const textOf = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');

/** What a file declares, methods as `Class.method`. */
const declaredIn = (path: string, text = textOf(path)): string[] =>
  ts.createSourceFile(path, text, ts.ScriptTarget.Latest).statements.flatMap((statement) => {
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map(({ name }) => nameOf(name));
    }
    if (ts.isFunctionDeclaration(statement)) return statement.name ? [statement.name.text] : [];
    if (!ts.isClassDeclaration(statement) || !statement.name) return [];
    const { text: className } = statement.name;
    const methods = statement.members.filter((member) => ts.isMethodDeclaration(member));
    return methods.map(({ name }) => `${className}.${nameOf(name)}`);
  });

const nameOf = (name: ts.Node): string => (ts.isIdentifier(name) ? name.text : '');

interface Hop {
  readonly name: string;
  readonly file: string;
}

const row = /^\| (\d+) \| `([\w.]+)` \| `([\w./-]+)` \| .+ \|$/;

/** The walks of a document, by their titles. */
const walksOf = (document: string): Map<string, Hop[]> => {
  const walks = new Map<string, Hop[]>();
  for (const section of document.split('\n### ').slice(1)) {
    const [title = '', ...lines] = section.split('\n');
    const hops = lines.flatMap((line) => {
      const [, number, name, file] = row.exec(line) ?? [];
      return name === undefined || file === undefined ? [] : [{ number, name, file }];
    });
    expect(hops.map(({ number }) => number)).toEqual(hops.map((_, index) => String(index + 1)));
    walks.set(title, hops);
  }
  return walks;
};

/** The hops whose function is not in their file. */
const lost = (hops: readonly Hop[]): Hop[] =>
  hops.filter(
    ({ name, file }) => !existsSync(join(projectRoot, file)) || !declaredIn(file).includes(name),
  );

const walks = walksOf(textOf('docs/architecture.md'));

describe('the walks of docs/architecture.md', () => {
  it('are four', () => {
    expect(walks.size).toBe(4);
  });

  it.each([...walks])('name functions that are where they say: %s', (_, hops) => {
    expect(hops.length).toBeGreaterThan(5);
    expect(hops.length).toBeLessThanOrEqual(12);
    expect(lost(hops)).toEqual([]);
  });

  it('are found out where a function is not there', () => {
    const file = 'libs/http/src/command-gateway.ts';
    expect(lost([{ name: 'CommandGateway.execute', file }])).toEqual([]);
    expect(lost([{ name: 'CommandGateway.carryOut', file }])).toHaveLength(1);
    expect(lost([{ name: 'execute', file: 'libs/http/src/none.ts' }])).toHaveLength(1);
    expect(declaredIn('x.ts', '// const a = 1;\nfunction b() {}')).toEqual(['b']);
  });
});

describe('the index of decisions', () => {
  it('has a line for each', () => {
    const files = readdirSync(join(projectRoot, 'docs/adr')).filter((file) => /^\d/.test(file));
    const index = textOf('docs/adr/README.md');
    const listed = [...index.matchAll(/\]\((\d{4}-[\w-]+\.md)\)/g)].map(([, file]) => file);
    expect(listed).toEqual(files.sort());
  });
});

it('has a README that is read in one go', () => {
  expect(textOf('README.md').split('\n').length).toBeLessThan(200);
});

describe('the README of each library', () => {
  const libraries = readdirSync(join(projectRoot, 'libs'));

  it.each(libraries)('fits one screen and names files that are there: %s', (library) => {
    const text = textOf(`libs/${library}/README.md`);
    const named = [...text.matchAll(/`([\w./-]+(?:\.ts|\/))`/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(2);
    const files = readdirSync(join(projectRoot, 'libs', library), {
      recursive: true,
      encoding: 'utf8',
    });
    const isThere = (name: string): boolean =>
      existsSync(join(projectRoot, name)) ||
      files.some((file) => `/${file}`.endsWith(`/${name.replace(/\/$/, '')}`));
    expect(named.filter((name) => !isThere(name) && name !== 'migrations/')).toEqual([]);
    // The registry's has its glossary and its decisions, too.
    const screens = library === 'product-registry' ? 2 : 1;
    expect(text.split('\n').length).toBeLessThanOrEqual(40 * screens + 1);
  });
});
