import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { fromStored, toStored } from './stored-record.js';

const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array));
const name = fc.string({ minLength: 1, maxLength: 10 }).filter((text) => !text.includes('\0'));

describe('a record among the dead letters', () => {
  it('comes back as it was, whatever its bytes', () => {
    const headers = fc.dictionary(name, fc.oneof(bytes, fc.array(bytes, { maxLength: 3 })));
    fc.assert(
      fc.property(bytes, headers, (value, given) => {
        const stored = toStored({ key: Buffer.from('tally-a'), value, headers: given });
        // As Postgres keeps it: JSON without NUL.
        const json = JSON.stringify(stored.headers);
        expect(json).not.toContain('\\u0000');
        const kept = JSON.parse(json) as typeof stored.headers;
        expect(fromStored({ ...stored, headers: kept })).toEqual({
          key: Buffer.from('tally-a'),
          value,
          headers: { ...given },
        });
      }),
    );
  });

  it('keeps what the record had under a name that every object has, and no more', () => {
    const value = Buffer.from('boo');
    // As the client hands it out: what the prototype has, and the value.
    const headers = { constructor: [Object, value] } as unknown as Record<string, Buffer[]>;
    expect(toStored({ key: null, value: null, headers }).headers).toEqual({ constructor: ['boo'] });
  });

  it.each([null, Buffer.from([0xff, 0xfe]), Buffer.from('a\0b')])(
    'has an empty key where it said none in text (%p)',
    (key) => {
      expect(toStored({ key, value: null })).toEqual({
        key: '',
        value: Buffer.alloc(0),
        headers: {},
      });
    },
  );
});
