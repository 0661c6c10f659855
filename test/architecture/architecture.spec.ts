import { describe, expect, it } from 'vitest';

import { known, matches, rules, testCode } from '../../architecture.js';
import { cycles, violations } from './check.js';
import { allImports, sourceFiles } from './imports.js';

const imports = allImports();
const production = imports.filter(({ from }) => !matches(from, testCode));
const withoutLine = (found: string): string => found.replace(/:\d+ ->/, ' ->');

describe('the architecture', () => {
  it.each(rules.map((rule) => [rule.name, rule] as const))('%s', (name, rule) => {
    const expected = (known[name] ?? []).map(([found]) => found);
    const found = violations(rule, imports);
    expect(found.filter((one) => !expected.includes(withoutLine(one)))).toEqual([]);
    expect(found.map(withoutLine)).toEqual(expect.arrayContaining(expected));
  });

  it('has no cycle between libraries', () => {
    const isLibrary = (path: string): boolean => path.startsWith('libs/');
    const between = production.filter(({ from, to }) => isLibrary(from) && isLibrary(to));
    expect(between.length).toBeGreaterThan(500);
    expect(cycles(between)).toEqual([]);
  });

  it('has no barrels', () => {
    const reexporting = new Set(imports.filter(({ reexport }) => reexport).map(({ from }) => from));
    expect([...reexporting]).toEqual([
      // The types of elements, which are a part of the product's events.
      'libs/product-registry/src/product/events.ts',
    ]);
    expect(sourceFiles().filter((path) => path.endsWith('/index.ts'))).toEqual([]);
  });

  it('lists no exception from a rule that does not exist', () => {
    const names = rules.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(known)));
    expect(new Set(names).size).toBe(names.length);
  });
});
