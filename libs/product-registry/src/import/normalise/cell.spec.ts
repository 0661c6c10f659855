import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { collapse, isNotSubmitted, problem, trimLines, unusable } from './cell.js';

describe('cell text', () => {
  it('loses no-break spaces, line breaks and zero-width characters at its ends and doubled inside', () => {
    expect(collapse('\u00a0 BS-LF\u200b051133\u00a0\n')).toBe('BS-LF051133');
    expect(collapse('Pylon\u2002\n Technologies')).toBe('Pylon Technologies');
  });

  it('is the same when cleaned twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(collapse(collapse(text))).toBe(collapse(text));
        expect(trimLines(trimLines(text))).toBe(trimLines(text));
      }),
    );
  });

  it('keeps the lines of a description', () => {
    expect(trimLines(' 5 kWh \r\nbattery\u00a0')).toBe('5 kWh\nbattery');
  });

  it.each(['No Information Submitted', 'no Information  Submitted', ' NO INFORMATION SUBMITTED\n'])(
    'takes %j for "not submitted"',
    (text) => {
      expect(isNotSubmitted(text)).toBe(true);
    },
  );

  it('does not take a note about missing information for "not submitted"', () => {
    expect(isNotSubmitted('No Information Submitted in 2022')).toBe(false);
  });

  it.each([
    ['a\u0000b', 'holds a NUL character'],
    ['Ab\ufffdc', 'holds characters that could not be decoded'],
    ['x'.repeat(4001), 'is longer than 4000 characters'],
    ['\ud800', 'holds half a Unicode character'],
  ])('refuses %j', (text, why) => {
    expect(unusable(text)).toBe(why);
  });

  it('repeats at most 200 characters of raw text in a problem', () => {
    expect(problem('Notes', 'is odd', 'x'.repeat(900)).raw).toHaveLength(201);
  });

  it('repeats nothing in a problem that a database cannot hold', () => {
    const cut = `${'x'.repeat(199)}😀${'x'.repeat(9)}`;
    expect(problem('notes', 'is "\0"', 'a\0b\ud800c')).toEqual({
      column: 'notes',
      reason: 'is "\ufffd"',
      raw: 'a\ufffdb\ufffdc',
    });
    expect(problem('notes', '', cut).raw).toBe(`${'x'.repeat(199)}\ufffd…`);
  });
});
