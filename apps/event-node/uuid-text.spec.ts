import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { dashedUuid } from './uuid-text.js';

const numbersOf = (digits: string): string => {
  const bytes = (digits.slice(16).match(/../g) ?? []).map((byte) => `0x${byte}`);
  return `{0x${digits.slice(0, 8)}, 0x${digits.slice(8, 12)},0x${digits.slice(12, 16)},{${bytes.join(', ')}}}`;
};

const forms: readonly (readonly [name: string, form: (id: string) => string])[] = [
  ['dashed', (id) => id],
  ['in capitals', (id) => id.toUpperCase()],
  ['32 digits', (id) => id.replaceAll('-', '')],
  ['in braces', (id) => `{${id}}`],
  ['in parentheses', (id) => `(${id})`],
  ['with blanks around', (id) => ` \t${id}\n `],
  ['in braces with blanks around', (id) => ` {${id.toUpperCase()}} `],
  ['numbers in braces', (id) => numbersOf(id.replaceAll('-', ''))],
];

describe('the text of a UUID', () => {
  it.each(forms)('is understood %s', (_, form) => {
    fc.assert(
      fc.property(fc.uuid(), (id) => {
        expect(dashedUuid(form(id))).toBe(id);
      }),
    );
  });

  it('may leave out leading zeros where it is numbers', () => {
    expect(dashedUuid('{0x1,0x2,0xA,{0x0,0x1,0x2,0x3,0x4,0x5,0x6,0xff}}')).toBe(
      '00000001-0002-000a-0001-0203040506ff',
    );
  });

  const id = '0f0e0d0c-0b0a-4908-8706-050403020100';
  it.each([
    '',
    ' ',
    '42',
    'none',
    id.slice(1),
    `${id}0`,
    `{${id}`,
    `{${id})`,
    `({${id}})`,
    `{ ${id} }`,
    `{${id.replaceAll('-', '')}}`,
    id.replace('-', ''),
    id.replaceAll('-', ' '),
    `urn:uuid:${id}`,
    id.replace('0', 'g'),
    '{0x1,0x2,0x3,{0x1,0x2,0x3,0x4,0x5,0x6,0x7}}',
    '{0x100000000,0x2,0x3,{0x1,0x2,0x3,0x4,0x5,0x6,0x7,0x8}}',
    ' '.repeat(1_000_000) + id,
  ])('is refused where it is none: %.50s', (text) => {
    expect(dashedUuid(text)).toBeUndefined();
  });
});
