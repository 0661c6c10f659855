import { describe, expect, it } from 'vitest';

import type { Refusal } from '#kernel/refusal.js';

import { evaluate } from './expression.js';
import { aggregateOver, evaluateOver, type Line, reachOf } from './formula.js';
import { readFormula, renamed } from './read-formula.js';

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
    ['a.b > 5 ? a.b : a.missing', 7],
    ['a.b == 0 ? 0 : 1 / a.b', 1 / 7],
    ['a.missing > 5 ? 1 : 1', null],
  ])('%s is %p', (text, expected) => {
    const values = { 'a.b': 7, 'analytics.load': 2, 'events.ev::EV_END_CHARGING.energy': 3 };
    expect(valueOf(text, values)).toEqual(expected);
  });

  it('adds up any number of terms: a chain is no nesting', () => {
    expect(valueOf(Array.from({ length: 500 }, () => 'a.b').join('-'), { 'a.b': 1 })).toBe(-498);
  });

  it('is written with other names of devices', () => {
    const names = new Map([
      ['a', 'c'],
      ['c', 'a'],
    ]);
    expect(renamed('abs(a.b) + analytics.a - events.a:b:c::a.a + c.a', names)).toBe(
      'abs(c.b) + analytics.a - events.c:b:a::a.a + a.a',
    );
  });

  it.each([
    ['a.b = 3', 'numbers, series, operators'],
    [
      'f(x) = 3',
      'at character 1: expected device.series, or one of sin, cos, tan, abs, exp, pos, neg, avg,',
    ],
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
    ['avg(a.b)', 'avg(value, period) with a period of 1000 to'],
    ['integral(a.b, a.c)', 'integral(value, period) with a period'],
    ['delta(a.b, 10)', 'delta(value, period) with a period'],
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

const rules = { kind: 'gauge', interpolation: 'hold', intervalMs: null, rollOver: null } as const;
const always = { from: 0, to: 1e9 };
const overAll = (text: string, lines: Readonly<Record<string, Line>>): Line =>
  evaluateOver(readFormula(text).expression, new Map(Object.entries(lines)), always);

it('is computed at each sample, where every series has a value of its own rule', () => {
  const held: Line = {
    samples: [
      [0, -2],
      [10, 4],
      [90, 4],
    ],
    rules: { ...rules, intervalMs: 40 },
  };
  const line: Line = {
    samples: [
      [0, 0],
      [20, 20],
    ],
    rules: { ...rules, interpolation: 'linear' },
  };
  expect(overAll('pos(a.held) + a.line', { 'a.held': held, 'a.line': line })).toEqual({
    samples: [
      [0, 0],
      [10, 14],
      [20, 24],
    ],
    breaks: [20.5, 50, 90, 130],
    rules: { ...rules, interpolation: 'linear', intervalMs: null },
  });
});

describe('where one of its series is not known, nothing is', () => {
  const hour = 3_600_000;
  const every = (stepMs: number, from: number, to: number, value: number): [number, number][] =>
    Array.from({ length: (to - from) / stepMs }, (_, at) => [from + at * stepMs, value]);
  const withHole = [...every(4_000, 0, hour, 1), ...every(4_000, 2 * hour, 3 * hour, 1)];
  const once: Line = {
    samples: [
      [0, 10],
      [3 * hour, 10],
    ],
    rules: { ...rules },
  };

  it.each(['hold', 'linear'] as const)('in a hole of a series that is %s', (interpolation) => {
    const a: Line = { samples: withHole, rules: { ...rules, interpolation, intervalMs: 4_000 } };
    const computed = overAll('a.v + b.v', { 'a.v': a, 'b.v': once });
    const [known, hole, again] = aggregateOver(computed, [0, hour, 2 * hour, 3 * hour]);
    expect([known?.area, known?.coveredMs]).toEqual(
      interpolation === 'hold' ? [11 * hour, hour] : [11 * (hour - 4_000), hour - 4_000],
    );
    expect([hole?.count, hole?.coveredMs, hole?.area]).toEqual([0, 0, 0]);
    expect(again?.count).toBe(900);
  });

  it('between two periods that nothing was measured in', () => {
    const a: Line = { samples: withHole, rules: { ...rules, intervalMs: 4_000 } };
    const computed = overAll('avg(a.v, 900000)', { 'a.v': a });
    const hours = aggregateOver(computed, [0, hour, 2 * hour, 3 * hour]);
    expect(hours.map(({ coveredMs }) => coveredMs)).toEqual([hour, 0, hour]);
  });

  it('and the growth over it counts', () => {
    const total: Line = {
      samples: [
        [0, 5],
        [2 * hour, 9],
      ],
      rules: { ...rules, intervalMs: 60_000 },
    };
    const [whole] = aggregateOver(overAll('a.v * 2', { 'a.v': total }), [0, 3 * hour]);
    expect([whole?.increase, whole?.coveredMs]).toEqual([8, 120_000]);
  });
});

describe('what is said of periods', () => {
  const minutes = (...values: number[]): Line => ({
    samples: values.map((value, at) => [at * 60_000, value]),
    rules: { ...rules, intervalMs: 60_000 },
  });

  it('counts from the epoch, stands at their beginning, and holds until their end', () => {
    const { samples, rules: own } = overAll('avg(a.b, 120000) * 10', { 'a.b': minutes(1, 3, 5) });
    expect(samples).toEqual([
      [0, 20],
      [120_000, 50],
    ]);
    expect(own).toMatchObject({ interpolation: 'hold', intervalMs: 120_000 });
  });

  it('brings together what was measured at different times', () => {
    const late: Line = {
      samples: [
        [7_000, 10],
        [127_000, 20],
      ],
      rules: { ...rules, intervalMs: 0 },
    };
    const lines = { 'a.b': minutes(1, 3, 5), 'c.d': late };
    expect(overAll('a.b + c.d', lines).samples).toEqual([
      [7_000, 11],
      [127_000, 25],
    ]);
    expect(overAll('avg(a.b, 120000) + avg(c.d, 120000)', lines).samples).toEqual([
      [0, 12],
      [120_000, 25],
    ]);
  });

  it('has the energy of a power, and the growth of a total that starts again', () => {
    expect(overAll('integral(a.b, 120000)', { 'a.b': minutes(60, 120) }).samples).toEqual([[0, 3]]);
    const total: Line = {
      samples: [100, 110, 2, 5].map((value, at) => [at * 60_000, value]),
      rules: { ...rules, kind: 'total', intervalMs: 60_000 },
    };
    expect(overAll('delta(a.total, 240000)', { 'a.total': total }).samples).toEqual([[0, 15]]);
  });

  it('can be of each other, and need the time around as far as all of them reach', () => {
    const { expression } = readFormula('avg(pos(avg(a.b, 60000) - 2), 120000) + a.b');
    expect(reachOf(expression)).toBe(180_000);
    expect(reachOf(readFormula('delta(a.b, 60000)').expression)).toBe(86_460_000);
    const found = evaluateOver(expression, new Map([['a.b', minutes(1, 3, 5)]]), always);
    expect(found.samples).toEqual([
      [0, 1.5],
      [60_000, 3.5],
      [120_000, 8],
    ]);
  });

  it('are those of the time that is asked for, however far back a neighbour is', () => {
    const far: Line = {
      samples: [
        [0, 1],
        [9e9, 2],
        [9e9 + 1_000, 4],
      ],
      rules,
    };
    const range = { from: 9e9 - 60_000, to: 9e9 + 60_000 };
    const { expression } = readFormula('avg(a.b, 60000)');
    expect(evaluateOver(expression, new Map([['a.b', far]]), range).samples).toEqual([[9e9, 3]]);
  });

  it('are at most 200,000 in all', () => {
    const line: Line = {
      samples: [
        [0, 1],
        [150_000_000, 1],
      ],
      rules,
    };
    expect(() => overAll('avg(avg(a.b, 1000), 1000)', { 'a.b': line })).toThrow(
      'at most 200000 periods',
    );
    expect(overAll('avg(a.b, 1000)', { 'a.b': line }).samples).toHaveLength(2);
  });
});

it('that is one series is that series: a total may start again', () => {
  const samples = [10, 12, 1, 2].map((value, at) => [at * 60_000, value] as const);
  const total: Line = { samples, rules: { ...rules, kind: 'total' } };
  const [whole] = aggregateOver(overAll('a.total', { 'a.total': total }), [0, 300_000]);
  expect([whole?.increase, whole?.resets]).toEqual([4, 1]);
});

it('ends where it is no number, and goes on where it is one', () => {
  const x: Line = {
    samples: [
      [0, 4],
      [30, 0],
      [45, 2],
      [60, 2],
    ],
    rules,
  };
  const [whole] = aggregateOver(overAll('1 / a.x', { 'a.x': x }), [0, 60]);
  expect([whole?.coveredMs, whole?.area]).toEqual([45, 30 / 4 + 15 / 2]);
});

it('of occurrences knows nothing between them', () => {
  const once: Line = { samples: [[50, 3]], rules: { ...rules, intervalMs: 0 } };
  const held: Line = {
    samples: [
      [0, 2],
      [100, 4],
    ],
    rules,
  };
  const { samples, rules: own } = overAll('events.ev::END.energy * a.b', {
    'events.ev::END.energy': once,
    'a.b': held,
  });
  expect([samples, own.intervalMs]).toEqual([[[50, 6]], 0]);
});
