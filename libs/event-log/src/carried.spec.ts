import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { carriedIn, carry } from './carried.js';

const json = fc.dictionary(fc.string(), fc.jsonValue());
/** What our events have, what others may write, and what looks as if it were carried. */
const metadata = fc.oneof(
  json.map((value) => Buffer.from(JSON.stringify(value))),
  json.map((value) => Buffer.from(JSON.stringify(value, null, 2) + '\n')),
  fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom('{}', '[]', '', '}', '{"carriedMetadata":"e30="}')
    .map((text) => Buffer.from(text)),
  fc.constantFrom('{"a":1}', '').map((text) => carry(Buffer.from(text), '17643123456789')),
);
const ticks = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String);

describe('the time of a former store', () => {
  it('travels behind any metadata and leaves it as it was, to the byte', () => {
    fc.assert(
      fc.property(metadata, ticks, (bytes, time) => {
        expect(carriedIn(carry(bytes, time))).toEqual({ metadata: bytes, ticks: time });
      }),
      { numRuns: 1_000 },
    );
  });

  it('makes valid metadata of valid metadata, with one more member', () => {
    const text = carry(Buffer.from('{"reason":"a"}'), '17643123456789012').toString();
    expect(JSON.parse(text)).toEqual({ reason: 'a', carriedCreated: '00017643123456789012' });
  });

  it('is not found in metadata that nobody carried, whatever a caller wrote into it', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), fc.string(), (own, reason) => {
        const text = JSON.stringify({
          ...own,
          reason: `${reason},"carriedCreated":"00017643123456789012"}`,
        });
        expect(carriedIn(Buffer.from(text))).toBeUndefined();
      }),
    );
  });
});
