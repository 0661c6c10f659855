import { describe, expect, it } from 'vitest';

import type { Refusal } from '#kernel/refusal.js';

import { evaluate, evaluateOver, type Line, readFormula } from './formula.js';

const valueOf = (text: string, values: Readonly<Record<string, number>> = {}): number | null =>
  evaluate(readFormula(text).expression, (name) => values[name] ?? null);

const reasonOf = (text: string): string => {
  try {
    readFormula(text);
  } catch (error) {
    return (error as Refusal).details.errors?.[0]?.reason ?? String(error);
  }
  return 'taken';
};

describe('a formula', () => {
  it.each([
    ['2 ^ 3 ^ 2', 512],
    ['-2 ^ 2', -4],
    ['1.5e3 / 2 - pi', 750 - Math.PI],
    ['pos(a.b) - neg(-a.b)', 14],
    ['a.b > 5 ? a.b : 0', 7],
    ['analytics.load + events.ev::EV_END_CHARGING.energy', 5],
    ['abs(1 - 3) * exp(0) + cos(0)', 3],
    ['1 / 0', null],
    ['a.missing * 0', null],
  ])('%s is %p', (text, expected) => {
    const values = { 'a.b': 7, 'analytics.load': 2, 'events.ev::EV_END_CHARGING.energy': 3 };
    expect(valueOf(text, values)).toEqual(expected);
  });

  it.each([
    ['a.b = 3', 'numbers, series, operators'],
    ['f(x) = 3', 'at character 1: expected a function, or device.series, and not f'],
    ['2 a.b', 'an operator between two values'],
    ['import("fs")', 'not import'],
    ['a.b["constructor"]', 'and not constructor'],
    ['a.b[1]', 'numbers, series, operators'],
    ['"text"', 'and not text'],
    ['[1, 2]', 'numbers, series, operators'],
    ['1; 2', 'numbers, series, operators'],
    ['a.b +', 'at character 6'],
    ['sin(1, 2)', 'sin of 1 values'],
    ['3!', 'not factorial'],
    ['1 + constructor', 'at character 5'],
    [`${'('.repeat(70)}1${')'.repeat(70)}`, 'levels of parentheses'],
    ['1'.repeat(2_001), 'at most 2000 characters'],
  ])('does not do %s', (text, reason) => {
    expect(reasonOf(text)).toContain(reason);
  });

  it('says what it names, and where', () => {
    expect([...readFormula('pos(x.y) + x.z / x.y').names]).toEqual([
      ['x.y', 4],
      ['x.z', 11],
    ]);
  });
});

it('is computed at each sample, where every series has a value of its own rule', () => {
  const { expression } = readFormula('pos(a.held) + a.line');
  const held = {
    samples: [
      [0, -2],
      [10, 4],
      [90, 4],
    ],
    interpolation: 'hold',
    longestGapMs: 50,
  } as const;
  const line = {
    samples: [
      [0, 0],
      [20, 20],
    ],
    interpolation: 'linear',
    longestGapMs: Infinity,
  } as const;
  expect([
    ...evaluateOver(
      expression,
      new Map<string, Line>([
        ['a.held', held],
        ['a.line', line],
      ]),
    ),
  ]).toEqual([
    [0, 0],
    [10, 14],
  ]);
});
