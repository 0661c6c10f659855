import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { batchAppendBytes, readBytes } from './well-formed.fixture.js';
import { isWellFormed, shapes } from './well-formed.js';

const decoders = {
  read: (bytes: Uint8Array) => streams.ReadReq.deserializeBinary(bytes),
  append: (bytes: Uint8Array) => streams.AppendReq.deserializeBinary(bytes),
  batchAppend: (bytes: Uint8Array) => streams.BatchAppendReq.deserializeBinary(bytes),
  delete: (bytes: Uint8Array) => streams.DeleteReq.deserializeBinary(bytes),
  tombstone: (bytes: Uint8Array) => streams.TombstoneReq.deserializeBinary(bytes),
};
const methods = Object.keys(decoders) as (keyof typeof decoders)[];

describe('a message on the wire', () => {
  it('is accepted as the client writes it', () => {
    expect(isWellFormed(batchAppendBytes(), shapes.batchAppend)).toBe(true);
    expect(isWellFormed(readBytes(), shapes.read)).toBe(true);
    expect(isWellFormed(new Uint8Array(), shapes.append)).toBe(true);
  });

  it.each([
    '0affffffff07',
    '0affffffff0f',
    '12050affffffff07',
    'ffffffffffffffffffff01',
    '0a',
    '0b',
  ])('is refused where a length or a number does not end: %s', (hex) => {
    for (const method of methods) {
      expect(isWellFormed(Buffer.from(hex, 'hex'), shapes[method])).toBe(false);
    }
  });

  it.each([
    ['read', 'has a tag of more than 32 bits', '8a80808010060affffffff0f'],
    ['batchAppend', 'ends a text inside a character', '0a0b1201e612060affffffff07'],
    ['batchAppend', 'has a map entry with a third field', '1a0e120c1a0affffffff070000000000'],
  ] as const)('is refused where a %s %s, which would be read for ever', (method, _, hex) => {
    expect(isWellFormed(Buffer.from(hex, 'hex'), shapes[method])).toBe(false);
  });

  it('is accepted with any character at the end of a text', () => {
    for (const character of ['a', 'ß', '€', '😀']) {
      const message = new streams.BatchAppendReq();
      message.setCorrelationId(new shared.UUID().setString(`a${character}`));
      expect(isWellFormed(message.serializeBinary(), shapes.batchAppend)).toBe(true);
    }
  });

  // Without the check, a case of this property would not end.
  it('is decoded, or fails, in finite time once it is accepted', () => {
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 4 })).map(([place, bytes]) => {
        const message = Buffer.from(batchAppendBytes());
        message.set(bytes, place % (message.length - bytes.length));
        return new Uint8Array(message);
      }),
    );
    fc.assert(
      fc.property(hostile, fc.constantFrom(...methods), (bytes, method) => {
        if (!isWellFormed(bytes, shapes[method])) return;
        try {
          decoders[method](bytes);
        } catch {
          // A failure is an answer: the call ends with INTERNAL.
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
