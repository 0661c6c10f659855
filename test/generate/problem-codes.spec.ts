import { describe, expect, it } from 'vitest';

import { codesIn, isTestCode, renderProblemCodes } from './problem-codes.js';

const pairs = (text: string) =>
  codesIn('libs/x.ts', text).map(({ code, kind }) => `${code} ${kind}`);

describe('the problem codes of a source', () => {
  it.each([
    ['a refusal', "throw new Refusal('GONE', 'not-found', 'no', { a: 1 });"],
    [
      'a kind of refusal',
      "class X extends Refusal { constructor() { super('GONE', 'not-found'); } }",
    ],
    ['a table', "const known = { A: { code: 'GONE', kind: 'not-found', detail: 'no' } };"],
    ['a function', "const no = (c: string) => new Refusal(c, 'not-found', ''); throw no('GONE');"],
  ])('are found in %s', (_, text) => {
    expect(pairs(text)).toEqual(['GONE not-found']);
  });

  it('are not every text', () => {
    expect(pairs("f('GONE', 'not-found'); new Refusal(code, 'invalid', 'x');")).toEqual([]);
  });

  it.each([
    'libs/fanout/src/contract-suite/control-cases.ts',
    'libs/fanout/src/relay/test/fixture.ts',
    'libs/testing/src/build.ts',
    'libs/access/src/fixtures/old.ts',
    'apps/api/api.fixture.ts',
    'apps/api/main.spec.ts',
  ])('are no business of users in %s', (file) => {
    expect(isTestCode(file)).toBe(true);
  });

  it('are those of every other source', () => {
    expect(
      ['libs/fanout/src/contract.ts', 'apps/api/latest/testimony.ts'].filter(isTestCode),
    ).toEqual([]);
  });

  it('are shown with their status and every source', () => {
    const both = ['libs/a.ts', 'libs/b.ts'].map(
      (file) => ({ code: 'A', kind: 'stale', file }) as const,
    );
    expect(renderProblemCodes(both)).toContain('| `A` | stale | 412 | `libs/a.ts`, `libs/b.ts` |');
  });
});
