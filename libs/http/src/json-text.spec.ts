import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { jsonTooComplex, textErrors } from './json-text.js';

const reasonOf = (json: string) => jsonTooComplex(json)?.details.errors?.[0]?.reason;

describe('a JSON text', () => {
  it('is bounded in depth and in values before it is parsed', () => {
    expect(reasonOf('['.repeat(32) + ']'.repeat(32))).toBeUndefined();
    expect(reasonOf('[{"a":'.repeat(17))).toBe('nested deeper than 32 levels');
    expect(reasonOf(`[${'[],'.repeat(20_000)}[]]`)).toBeUndefined();
    expect(reasonOf(`[${'[],'.repeat(20_001)}[]]`)).toBe('more than 20000 values and names');
    expect(reasonOf('{"a":1,'.repeat(10_001))).toBe('nested deeper than 32 levels');
    expect(reasonOf(`{${'"a":1,'.repeat(10_001)}}`)).toBe('more than 20000 values and names');
  });

  it('may hold anything within its texts', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('[', '{', ',', '"', '\\', 'x') }), (text) => {
        const json = JSON.stringify({ [text]: text.repeat(20), other: [text] });
        expect(reasonOf(json)).toBeUndefined();
        expect(reasonOf(json + '['.repeat(40))).toBe('nested deeper than 32 levels');
      }),
    );
    expect(reasonOf(JSON.stringify('\\"[,'.repeat(10_000)))).toBeUndefined();
  });

  it('without an end is for the parser to refuse', () => {
    for (const json of ['', '"', '"\\', '"\\"', '[']) expect(reasonOf(json)).toBeUndefined();
  });
});

const parsed = (json: string): unknown => JSON.parse(json);

describe('hostile text', () => {
  it('is found anywhere, and named by pointer', () => {
    const body = parsed(
      '{"a":[{"b/c":"x\\u0000"}],"d\\u0000":1,"e":"\\udc00","f":"\\ud83d\\ude00"}',
    );
    expect(textErrors(body).sort((a, b) => a.pointer.localeCompare(b.pointer))).toEqual([
      { pointer: '/a/0/b~1c', reason: 'contains a NUL character' },
      { pointer: '/d\\u0000', reason: 'its name contains a NUL character' },
      { pointer: '/e', reason: 'contains half of a surrogate pair' },
    ]);
  });

  it('is a key that reaches for a prototype', () => {
    const body = parsed('{"a":{"__proto__":{"x":1}},"constructor":{"prototype":{}}}');
    expect(
      textErrors(body)
        .map(({ pointer }) => pointer)
        .sort(),
    ).toEqual(['/a/__proto__', '/constructor']);
    expect(textErrors(parsed('{"elements":{"toString":{"value":"1"}}}'))).toEqual([
      { pointer: '/elements/toString', reason: 'this name is not accepted' },
    ]);
    expect(textErrors(parsed('{"maker":"constructor"}'))).toEqual([]);
  });

  it('is a control character that a terminal obeys', () => {
    const reason = 'contains a control character';
    expect(textErrors({ reason: 'a\x1b[2Jb' })).toEqual([{ pointer: '/reason', reason }]);
    expect(textErrors({ reason: '\x9b2J' })).toEqual([{ pointer: '/reason', reason }]);
    expect(textErrors({ reason: 'one\r\n\ttwo' })).toEqual([]);
  });

  it('is nesting without end, found without recursion', () => {
    const deep = parsed('['.repeat(100_000) + ']'.repeat(100_000));
    expect(textErrors(deep)).toEqual([
      { pointer: '/0'.repeat(32), reason: 'nested deeper than 32 levels' },
    ]);
  });

  it('is not what JSON ordinarily holds', () => {
    const ordinary = fc.jsonValue({ maxDepth: 5, stringUnit: fc.string({ unit: 'grapheme' }) });
    fc.assert(
      fc.property(ordinary, (value) => {
        const json = JSON.stringify(value);
        fc.pre(!json.includes('\\u0000'));
        fc.pre(!Object.getOwnPropertyNames(Object.prototype).some((name) => json.includes(name)));
        expect(textErrors(value)).toEqual([]);
      }),
    );
  });

  it('is reported twenty times at most', () => {
    expect(textErrors(Array.from({ length: 1000 }, () => '\0'))).toHaveLength(20);
  });
});
