import { describe, expect, it } from 'vitest';

import { Refusal } from '#kernel/refusal.js';

import {
  boolean,
  day,
  decimal,
  instant,
  integerFrom,
  listOf,
  moment,
  oneOf,
  position,
  readQuery,
  text,
  uuid,
} from './query-params.js';

const errorsOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error.details.errors;
    throw error;
  }
  throw new Error('was not refused');
};

describe('reading a query', () => {
  const allowed = { q: text(), sort: oneOf('name', 'code'), after: position, dryRun: boolean };

  it('gives typed values for what is known', () => {
    expect(readQuery({ q: 'iron', sort: 'code', after: '12', dryRun: 'true' }, allowed)).toEqual({
      q: 'iron',
      sort: 'code',
      after: { commit: 12n, prepare: 12n },
      dryRun: true,
    });
    expect(readQuery({}, allowed)).toEqual({});
  });

  it('names everything that is wrong at once', () => {
    const query = { colour: 'red', sort: 'size', after: 'now', q: ['a', 'b'], dryRun: '' };
    expect(errorsOf(() => readQuery(query, allowed))).toEqual([
      { pointer: '?colour', reason: 'unknown parameter; known are q, sort, after, dryRun' },
      { pointer: '?sort', reason: 'expected one of name, code' },
      { pointer: '?after', reason: 'expected a position such as 1234' },
      { pointer: '?q', reason: 'given more than once' },
      { pointer: '?dryRun', reason: 'expected true or false' },
    ]);
  });

  it('knows no parameter by the name of an object member', () => {
    expect(errorsOf(() => readQuery({ constructor: 'x', toString: 'y' }, allowed))).toHaveLength(2);
  });

  it('refuses what no store can keep', () => {
    expect(errorsOf(() => readQuery({ q: 'a\0b' }, allowed))).toEqual([
      { pointer: '?q', reason: 'contains a NUL character' },
    ]);
    expect(errorsOf(() => readQuery({ q: 'a\ud800' }, allowed))).toHaveLength(1);
  });

  it('refuses control characters and line ends in a text', () => {
    for (const hostile of ['a\r\nb', '\x1b[2J', 'a\tb', '\x7f', '\u0085', '\u2028']) {
      expect(errorsOf(() => readQuery({ q: hostile }, allowed))).toEqual([
        { pointer: '?q', reason: 'expected text without control characters' },
      ]);
    }
    expect(readQuery({ q: 'Größe – 5 % ☀️' }, allowed)).toEqual({ q: 'Größe – 5 % ☀️' });
  });

  it('does not hide a bug of a parser', () => {
    const broken = (): never => {
      throw new TypeError('bug');
    };
    expect(() => readQuery({ q: 'a' }, { q: broken })).toThrow(TypeError);
  });
});

describe('parsers', () => {
  it('keep decimals as they were written', () => {
    expect(decimal('13.50')).toBe('13.50');
    for (const raw of ['1e3', '.5', '1,5', 'NaN', '', '1.']) expect(() => decimal(raw)).toThrow();
  });

  it('take a moment as a time with zone or as a position', () => {
    expect(moment('@4711')).toEqual({ position: { commit: 4711n, prepare: 4711n } });
    expect(moment('2026-02-11T08:00:00Z')).toEqual({ at: new Date('2026-02-11T08:00:00Z') });
    expect(moment('2026-02-11T08:00:00.250+02:00')).toEqual({
      at: new Date('2026-02-11T06:00:00.250Z'),
    });
    for (const raw of [
      ...['', 'yesterday', 'now', '2026-02-11', '2026-02-11T08:00:00', '2026-02-31T25:00:00Z'],
      ...['@', '@-1', '@1.5', '@99999999999999999999', '4711'],
    ]) {
      expect(() => moment(raw)).toThrow('expected an ISO 8601 time');
    }
  });

  it('say what OpenAPI says of them', () => {
    expect(oneOf('a', 'b').schema).toEqual({ type: 'string', enum: ['a', 'b'] });
    expect(integerFrom(1, 9).schema).toEqual({ type: 'integer', minimum: 1, maximum: 9 });
    expect(boolean.schema).toEqual({ type: 'boolean' });
  });

  it('take days that exist, and keep them as text', () => {
    expect(day('2024-02-29')).toBe('2024-02-29');
    for (const raw of ['2026-02-29', '2026-2-1', '2026-02-01T00:00:00Z', '0000-01-01', 'today']) {
      expect(() => day(raw)).toThrow('expected a day such as 2026-02-11');
    }
  });

  it('refuse positions beyond 64 bits', () => {
    expect(position('9223372036854775807').commit).toBe(9223372036854775807n);
    expect(() => position('9223372036854775808')).toThrow('expected a position');
  });

  it('split lists and check each value', () => {
    expect(listOf(oneOf('a', 'b'))('a,b')).toEqual(['a', 'b']);
    expect(() => listOf(oneOf('a', 'b'))('a,,b')).toThrow();
    expect(() => uuid('0')).toThrow();
    expect(() => instant('2026-02-11T08:00:00')).toThrow('zone');
  });
});
