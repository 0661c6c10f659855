import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';

import { patternSize } from './pattern-size.js';

const { pattern: anyPattern } = fc.letrec<{ pattern: string; piece: string }>((tie) => ({
  piece: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('a', '.', '$', '|', 'é', '😀', '\\.', '\\d', '\\pL', '\\x{41}', '\\\\', '\\('),
    fc.constantFrom(
      '[(]',
      '[^]{9}]',
      '[[:alpha:](]',
      '[\\]{9}]',
      '[a-z',
      '\\Q(a{9}[\\E',
      '\\Q[\\E',
    ),
    fc.constantFrom(
      '(?i)',
      '(?s-i)',
      '[[]',
      '[^a[:^digit:]]',
      '{',
      '}',
      '{a}',
      '{,5}',
      ']',
      '\\Q[',
    ),
    fc
      .tuple(
        fc.constantFrom('(', '(?:', '(?i:', '(?<name>', '(?P<other>'),
        tie('pattern'),
        fc.constantFrom(')', ')', ')*', '){3}', '){2,7}', '){20,}', '){0,30}?'),
      )
      .map((parts) => parts.join('')),
    fc.constantFrom('a{30}', 'b{2,9}?', 'c+', '.{0,50}', '[xy]{12}', '\\pN{8}', '){5}'),
  ),
  pattern: fc.array(tie('piece'), { maxLength: 5 }).map((pieces) => pieces.join('')),
}));

describe('the size of a pattern', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['a{3}', 3],
    ['.{0,999}.{5,}', 1004],
    ['(a{10}b){1,10}', 120],
    ['\\x{1000}\\p{Greek}{2}', 3],
    ['[{9}(]{4}', 4],
    ['\\Q(a{9}\\E', 9],
    ['(?i)a{2}', 3],
    ['(?:a){3}|b', 8],
    ['(a{7', 4],
    ['a{2})b{3}', 6],
  ])('%s is %i', (pattern, size) => expect(patternSize(pattern)).toBe(size));

  it('bounds the program that is compiled', () => {
    let compiled = 0;
    let largest = 0;
    fc.assert(
      fc.property(anyPattern, (pattern) => {
        const size = patternSize(pattern);
        if (size > 5_000) return;
        let program: number;
        try {
          program = RE2JS.compile(pattern).programSize();
        } catch {
          return;
        }
        compiled += 1;
        largest = Math.max(largest, program);
        expect(program).toBeLessThanOrEqual(4 * size + 10);
      }),
      { numRuns: 3_000 },
    );
    expect(compiled).toBeGreaterThan(500);
    expect(largest).toBeGreaterThan(1_000);
  });
});
