import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decodePosition, encodePosition, UnreadablePosition } from './position-record.js';

const number64 = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const position = fc.record({ commit: number64, prepare: number64 });
const partition = fc.nat({ max: 100 });
const mapOf = <K, V>(key: fc.Arbitrary<K>, value: fc.Arbitrary<V>): fc.Arbitrary<Map<K, V>> =>
  fc.uniqueArray(fc.tuple(key, value), { selector: ([k]) => k }).map((pairs) => new Map(pairs));

const topic = fc.record(
  {
    position: fc.option(position),
    next: mapOf(partition, number64),
    lastFacts: mapOf(partition, position),
  },
  { requiredKeys: ['position', 'next'] },
);
const relayPosition = fc.record(
  {
    topics: mapOf(fc.stringMatching(/^[a-z][\w.-]{0,20}$/), topic),
    control: fc.bigInt({ min: -1n, max: 2n ** 63n - 1n }),
    anchor: fc.record({ position, id: fc.uuid() }),
  },
  { requiredKeys: ['topics', 'control'] },
);

describe('the record that holds the position', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(relayPosition, (each) => {
        expect(decodePosition(encodePosition(each))).toEqual(each);
      }),
    );
  });

  it('is read as earlier versions wrote it', () => {
    const entry = '{"position":"7/6","next":{"0":"3"},"held":{"0":"9/9"}}';
    const text = `{"v":1,"topics":{"t":${entry}},"control":"4","anchor":{"position":"7/6","id":"a"}}`;
    const through = { commit: 7n, prepare: 6n };
    const lastFacts = new Map([[0, { commit: 9n, prepare: 9n }]]);
    const filled = { position: through, next: new Map([[0, 3n]]), lastFacts };
    const stored = { topics: new Map([['t', filled]]), control: 4n };
    const anchor = { position: through, id: 'a' };
    expect(decodePosition(Buffer.from(text))).toEqual({ ...stored, anchor });
    expect(encodePosition({ ...stored, anchor }).toString()).toBe(text);
  });

  it.each([
    '',
    'null',
    '{}',
    '{"v":2,"topics":{},"control":"0"}',
    '{"v":1,"topics":{"t":{"position":"1","next":{}}},"control":"0"}',
    '{"v":1,"topics":{"t":{"position":"1/x","next":{}}},"control":"0"}',
    '{"v":1,"topics":{"t":{"position":null}},"control":"0"}',
    '{"v":1,"topics":{}}',
  ])('is refused where it is %j', (text) => {
    expect(() => decodePosition(Buffer.from(text))).toThrow(UnreadablePosition);
  });
});
