import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { lookAroundTest } from './look-around.js';

/** The same pattern in the engine that backtracks, which has the semantics that servers have. */
const backtracking = (pattern: string): ((name: string) => boolean) => {
  const [, flags = '', rest = ''] = /^(?:\(\?([is]+)\))?(.*)$/s.exec(pattern) ?? [];
  const expression = new RegExp(rest, flags);
  return (name) => expression.test(name);
};

const name = fc
  .array(fc.constantFrom('a', 'b', 'A', '$', '-', '1'), { maxLength: 7 })
  .map((characters) => characters.join(''));

const { simple } = fc.letrec<{ simple: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'pattern' },
    fc.constantFrom('a', 'b', 'A', '\\$', '-', '.', '[ab]', '[^$]', '[$-]', '\\d', '\\w', '\\|'),
    tie('simple').map((inner) => `(?:${inner})`),
    tie('simple').map((inner) => `(${inner})`),
  ),
  simple: fc
    .array(
      fc
        .array(
          fc.tuple(tie('atom'), fc.constantFrom('', '', '', '', '*', '+', '?', '*?', '{1,2}')),
          { maxLength: 3 },
        )
        .chain((atoms) =>
          fc
            .constantFrom('', '', '', '$')
            .map((end) => atoms.map((atom) => atom.join('')).join('') + end),
        ),
      { minLength: 1, maxLength: 2 },
    )
    .map((alternatives) => alternatives.join('|')),
}));

const ahead = fc
  .array(fc.tuple(fc.constantFrom('(?!', '(?='), simple), { maxLength: 3 })
  .map((looks) => looks.map(([open, inside]) => `${open}${inside})`).join(''));
const behind = fc
  .array(fc.tuple(fc.constantFrom('(?<!', '(?<='), simple), { maxLength: 2 })
  .map((looks) => looks.map(([open, inside]) => `${open}${inside})`).join(''));
const flags = fc.constantFrom('', '', '(?i)', '(?s)', '(?is)');
/** One alternative of its own, so that what stands beside it belongs to all of it. */
const whole = simple.map((inner) => `(?:${inner})`);

const served = fc.oneof(
  fc.tuple(ahead, whole).map(([looks, rest]) => `^${looks}${rest}`),
  fc.tuple(ahead, simple).map(([looks, rest]) => `^(?:${looks}${rest})$`),
  fc.tuple(whole, behind).map(([rest, looks]) => `${rest}${looks}$`),
  fc.tuple(ahead, whole, behind).map((parts) => `^${parts.join('')}$`),
  fc
    .tuple(ahead, simple, fc.constantFrom('*', '+'))
    .map(([looks, inside, often]) => `^${looks}(?:(?!${inside}).)${often}$`),
);
const alternatives = fc
  .tuple(flags, fc.array(fc.oneof(served, simple), { minLength: 1, maxLength: 3 }))
  .map(([flag, all]) => flag + all.join('|'));

const names = fc.array(name, { minLength: 5, maxLength: 15 });

describe('look-around', () => {
  it('of the forms that are served means what it means where it is tried by going back', () => {
    fc.assert(
      fc.property(alternatives, names, (pattern, all) => {
        const test = lookAroundTest(pattern);
        const reference = backtracking(pattern);
        for (const one of all) expect([one, test(one)]).toEqual([one, reference(one)]);
      }),
      { numRuns: 500 },
    );
  });

  it('anywhere else is refused, or means the same', () => {
    const anything = fc.letrec<{ pattern: string; piece: string }>((tie) => ({
      piece: fc.oneof(
        { maxDepth: 3 },
        simple,
        fc.constantFrom('^', '$', '.', '|', '^', '$'),
        fc
          .tuple(
            fc.constantFrom('(?:', '(', '(?=', '(?!', '(?<=', '(?<!'),
            tie('pattern'),
            fc.constantFrom('', '', '', '*', '+', '?'),
          )
          .map(([open, inside, often]) => `${open}${inside})${often}`),
      ),
      pattern: fc.array(tie('piece'), { maxLength: 4 }).map((pieces) => pieces.join('')),
    })).pattern;
    let compared = 0;
    fc.assert(
      fc.property(flags, anything, names, (flag, rest, all) => {
        const pattern = flag + rest;
        let test: (name: string) => boolean;
        let reference: (name: string) => boolean;
        try {
          test = lookAroundTest(pattern);
          reference = backtracking(pattern);
        } catch {
          return;
        }
        compared += 1;
        for (const one of all) expect([one, test(one)]).toEqual([one, reference(one)]);
      }),
      { numRuns: 1_000 },
    );
    expect(compared).toBeGreaterThan(200);
  });

  it.each<[string, string[], string[]]>([
    // As a client for Python excludes by default.
    [
      '^(?!(\\$.+$|PersistentConfig\\d+$))',
      ['ProductRegistered', '$', 'a$b', 'PersistentConfig', 'PersistentConfig1x'],
      ['$metadata', '$>', 'PersistentConfig12'],
    ],
    ['^(?!\\$).+', ['a', 'a$'], ['', '$', '$a']],
    ['^(?!.*-test$)(?=product-).*$', ['product-1'], ['product-test', 'user-1', 'product-1-test']],
    ['(?i)^(?!ADMIN)', ['user'], ['admin-1', 'Admin']],
    ['^(?:(?!secret).)*$', ['', 'a', 'secre'], ['secret', 'a-secret-b', 'secretsecret']],
    ['^((?!a$).)+$', ['ab', 'b'], ['', 'a', 'ba']],
    ['-\\d+(?<!-13)$', ['x-12', 'x-113'], ['x-13', 'x']],
    ['^(?!a)b|^(?=a)a1|c(?<=bc)$', ['b', 'a1', 'bc'], ['a', 'ab', 'c']],
    ['(^(?!a|b).*$)', ['', 'c'], ['a', 'ba']],
    ['^(?:(?!a)[ab]|c)1$', ['b1', 'c1'], ['a1', 'b', 'c']],
    ['^(?!x)[(?=]', ['(', '?', '='], ['x', ':']],
  ])('%s', (pattern, matching, others) => {
    const test = lookAroundTest(pattern);
    expect(matching.filter(test)).toEqual(matching);
    expect(others.filter(test)).toEqual([]);
  });

  it.each([
    '(?!a)b',
    'a(?!b)',
    '^a(?!b)',
    '(?<=a)b',
    '^(?<!a)b$',
    '^(?!(?!a)b)',
    '^(?!a)*b',
    '^(?!a)+$',
    '^(?:(?!a).)*b$',
    '^(?:(?!a).){2}$',
    '^(?:(?!a)..)*$',
    '^(?!a)(b)\\1',
    '(?m)^(?!a)',
    '^(?!a)(?i)b|c',
    '^(?!\\Q(\\E)',
    '^(?!a',
    '^(?!a))',
    '^(?!a)[',
    '^(?!a)\\',
    `^${'(?:(?!a)|(?!b))'.repeat(60)}`,
    // What follows is compiled once for each alternative.
    '^(?:(?!a)|(?!b)|(?!c)).{0,900}',
  ])('is refused where it cannot be taken apart: %.40s', (pattern) => {
    expect(() => lookAroundTest(pattern)).toThrow();
  });

  it('takes time in proportion to the name', () => {
    const test = lookAroundTest('^(?!(a+)+$)(?:(?!(a|aa)+c).)*$');
    const started = performance.now();
    expect(test(`${'a'.repeat(1_000)}b`)).toBe(true);
    expect(test('a'.repeat(1_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
