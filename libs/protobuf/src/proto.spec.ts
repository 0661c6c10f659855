import fc from 'fast-check';
import { BinaryReader, BinaryWriter } from 'google-protobuf';
import { describe, expect, it } from 'vitest';

import { MalformedMessage, ProtoReader } from './proto-reader.js';
import { ProtoWriter } from './proto-writer.js';

type Field =
  | { readonly kind: 'number'; readonly field: number; readonly value: bigint }
  | { readonly kind: 'text'; readonly field: number; readonly value: string }
  | { readonly kind: 'bytes'; readonly field: number; readonly value: Uint8Array }
  | { readonly kind: 'message'; readonly field: number; readonly value: readonly Field[] };

const field = fc.integer({ min: 1, max: 536_870_911 });
const edges = [0n, 127n, 128n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n];
const number = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constantFrom(...edges, 2n ** 53n + 1n, 2n ** 64n - 1n),
);
const { fields } = fc.letrec<{ one: Field; fields: readonly Field[] }>((tie) => ({
  one: fc.oneof(
    { maxDepth: 3 },
    fc.record({ kind: fc.constant('number' as const), field, value: number }),
    fc.record({
      kind: fc.constant('text' as const),
      field,
      value: fc.string({ unit: 'grapheme' }),
    }),
    fc.record({ kind: fc.constant('bytes' as const), field, value: fc.uint8Array() }),
    fc.record({ kind: fc.constant('message' as const), field, value: tie('fields') }),
  ),
  fields: fc.array(tie('one'), { maxLength: 6 }),
}));

const write = (writer: ProtoWriter, all: readonly Field[]): ProtoWriter => {
  for (const one of all.toReversed()) {
    if (one.kind === 'number') writer.uint64(one.field, one.value);
    else if (one.kind === 'text') writer.string(one.field, one.value);
    else if (one.kind === 'bytes') writer.bytes(one.field, one.value);
    else writer.message(one.field, (nested) => write(nested, one.value));
  }
  return writer;
};

const writeByLibrary = (writer: BinaryWriter, all: readonly Field[]): BinaryWriter => {
  for (const one of all) {
    if (one.kind === 'number') writer.writeUint64String(one.field, one.value.toString());
    else if (one.kind === 'text') writer.writeString(one.field, one.value);
    else if (one.kind === 'bytes') writer.writeBytes(one.field, one.value);
    else {
      writer.writeMessage(one.field, one.value, (value: readonly Field[], nested) => {
        writeByLibrary(nested, value);
      });
    }
  }
  return writer;
};

const sizeOf = (all: readonly Field[]): number =>
  all.reduce((sum, one) => {
    if (one.kind === 'number') return sum + 20;
    return sum + 20 + (one.kind === 'message' ? sizeOf(one.value) : 3 * one.value.length);
  }, 0);

/** What a reader that knows the message finds in it. */
const read = (reader: ProtoReader, shape: readonly Field[]): Field[] =>
  shape.map((one) => {
    expect(reader.next()).toBe(true);
    const { field: number } = reader;
    if (one.kind === 'number') return { kind: 'number', field: number, value: reader.uint64() };
    if (one.kind === 'text') return { kind: 'text', field: number, value: reader.string() };
    if (one.kind === 'bytes') {
      return { kind: 'bytes', field: number, value: new Uint8Array(reader.bytes()) };
    }
    return { kind: 'message', field: number, value: read(reader.message(), one.value) };
  });

const numbersOfFields = (bytes: Buffer): number[] => {
  const reader = new ProtoReader(bytes);
  const found: number[] = [];
  while (reader.next()) {
    found.push(reader.field);
    reader.skip();
  }
  return found;
};

describe('a message', () => {
  it('is written byte for byte as the library writes it', () => {
    fc.assert(
      fc.property(fields, (all) => {
        const written = write(new ProtoWriter(sizeOf(all)), all).finish();
        const theirs = writeByLibrary(new BinaryWriter(), all).getResultBuffer();
        expect(written.equals(theirs)).toBe(true);
      }),
    );
  });

  it('is read as it was written, and every field can be skipped', () => {
    fc.assert(
      fc.property(fields, (all) => {
        const bytes = Buffer.from(writeByLibrary(new BinaryWriter(), all).getResultBuffer());
        const reader = new ProtoReader(bytes);
        expect(read(reader, all)).toEqual(all);
        expect(reader.next()).toBe(false);
        expect(numbersOfFields(bytes)).toEqual(all.map((one) => one.field));
      }),
    );
  });

  it('of fixed numbers is passed over as the library passes over it', () => {
    const writer = new BinaryWriter();
    writer.writeFixed32(1, 7);
    writer.writeDouble(2, 1.5);
    writer.writeString(3, 'x');
    expect(numbersOfFields(Buffer.from(writer.getResultBuffer()))).toEqual([1, 2, 3]);
  });

  it('that is cut off is refused, unless it is cut between two of its fields', () => {
    fc.assert(
      fc.property(fields, fc.nat(), (all, place) => {
        const bytes = Buffer.from(writeByLibrary(new BinaryWriter(), all).getResultBuffer());
        const cut = bytes.subarray(0, place % (bytes.length + 1));
        const ends = [0];
        const library = new BinaryReader(bytes);
        while (library.nextField()) {
          library.skipField();
          ends.push(library.getCursor());
        }
        if (ends.includes(cut.length)) numbersOfFields(cut);
        else expect(() => numbersOfFields(cut)).toThrow(MalformedMessage);
      }),
    );
  });

  it('of any bytes is read to its end or refused, and never beyond it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array(), (bytes, behind) => {
        const outcome = (buffer: Buffer): unknown => {
          const reader = new ProtoReader(buffer, 0, bytes.length);
          const found: unknown[] = [];
          try {
            while (reader.next()) {
              found.push(reader.field);
              reader.skip();
            }
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedMessage);
            found.push('malformed');
          }
          return found;
        };
        expect(outcome(Buffer.concat([bytes, behind]))).toEqual(outcome(Buffer.from(bytes)));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['0affffffff07', '0affffffff0f', 'ffffffffffffffffffff01', '0a', '0b', '00', '0d0102'])(
    'is refused where a length, a number or a tag is none: %s',
    (hex) => {
      expect(() => numbersOfFields(Buffer.from(hex, 'hex'))).toThrow(MalformedMessage);
    },
  );

  it('is refused where a field has another wire type than the one that is read', () => {
    const text = new ProtoWriter(20).string(1, 'x').finish();
    const number = new ProtoWriter(20).uint64(1, 5n).finish();
    const at = (bytes: Buffer): ProtoReader => {
      const reader = new ProtoReader(bytes);
      reader.next();
      return reader;
    };
    expect(() => at(text).number()).toThrow(MalformedMessage);
    expect(() => at(text).uint64()).toThrow(MalformedMessage);
    expect(() => at(number).string()).toThrow(MalformedMessage);
    expect(() => at(number).ascii()).toThrow(MalformedMessage);
    expect(() => at(number).bytes()).toThrow(MalformedMessage);
    expect(() => at(number).message()).toThrow(MalformedMessage);
  });
});
