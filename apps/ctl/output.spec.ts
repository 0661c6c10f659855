import { describe, expect, it } from 'vitest';

import { shown, wrapped } from './output.js';

describe('text for the terminal', () => {
  it('is wrapped between words, and within a word only where it must be', () => {
    expect(wrapped('short')).toBe('short');
    expect(wrapped(`${'a'.repeat(40)} ${'b'.repeat(40)}`)).toBe(
      `${'a'.repeat(40)}\n${'b'.repeat(40)}`,
    );
    expect(wrapped('c'.repeat(70))).toBe(`${'c'.repeat(60)}\n${'c'.repeat(10)}`);
    expect(wrapped('one\ntwo')).toBe('one\ntwo');
    expect(wrapped('')).toBe('');
  });

  it('loses nothing but spaces when it is wrapped', () => {
    const text =
      'list of "percent [inverter]": cut off or split by the exporter; kept raw ("Marrow Bay Hub 12]") '.repeat(
        3,
      );
    expect(wrapped(text).replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
    expect(
      Math.max(
        ...wrapped(text)
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(60);
  });

  it('cannot steer the terminal', () => {
    expect(shown('a\u001b[2Jb\u0007')).toBe('a [2Jb ');
  });
});
