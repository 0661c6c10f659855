/**
 * The fields of a message that we read: a number (`v`), bytes (`b`), text (`t`), or a message. Fields
 * that are not named are skipped by the generated code, by their own length.
 */
interface Shape {
  readonly [field: number]: 'v' | 'b' | 't' | Shape;
}

const empty: Shape = {};
const numbers: Shape = { 1: 'v', 2: 'v' };
const uuid: Shape = { 1: numbers, 2: 't' };
const stream: Shape = { 3: 'b' };
const expectation = { 1: stream, 2: 'v', 3: empty, 4: empty, 5: empty } as const;
/** Of a map. The generated code does not skip what else one holds. */
const entry: Shape = { 1: 't', 2: 't' };
const proposed: Shape = { 1: uuid, 2: entry, 3: 'b', 4: 'b' };
const expression: Shape = { 1: 't', 2: 't' };

/** Of event_store.client.streams, as far as this node reads them. */
export const shapes = {
  read: {
    1: {
      1: { 1: stream, 2: 'v', 3: empty, 4: empty },
      2: { 1: numbers, 2: empty, 3: empty },
      3: 'v',
      4: 'v',
      5: 'v',
      6: empty,
      7: { 1: expression, 2: expression, 3: 'v', 4: empty, 5: 'v' },
      8: empty,
      9: { 1: empty, 2: empty },
      10: { 1: 'v' },
    },
  },
  append: { 1: expectation, 2: proposed },
  batchAppend: { 1: uuid, 2: { ...expectation, 6: numbers, 7: numbers }, 3: proposed, 4: 'v' },
  delete: { 1: expectation },
  tombstone: { 1: expectation },
} satisfies Record<string, Shape>;

const varintBytes = 10;
/** The generated code takes the low 32 bits of a longer tag, and so another field. */
const maxTag = 0xffff_ffff;

/**
 * Whether every length in the bytes lies within the message around it and every field that we read
 * has the wire type that it must have. The generated code does not ask: a length past the end makes it
 * read for ever, and with it the whole process (Protocol Buffers encoding, wire types 0, 1, 2 and 5).
 */
export const isWellFormed = (
  bytes: Uint8Array,
  shape: Shape,
  from = 0,
  end = bytes.length,
): boolean => {
  let at = from;
  /** The next number, as far as it fits a length; -1 where it does not end. */
  const varint = (): number => {
    let value = 0;
    for (let n = 0; n < varintBytes && at < end; n += 1) {
      const byte = bytes[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) * 2 ** (7 * n);
      if (byte < 0x80) return value;
    }
    return -1;
  };
  while (at < end) {
    const tag = varint();
    if (tag < 8 || tag > maxTag) return false;
    const wireType = tag % 8;
    const kind = shape[Math.floor(tag / 8)];
    if (kind === undefined ? shape === entry : wireType !== (kind === 'v' ? 0 : 2)) return false;
    if (wireType === 0) {
      if (varint() < 0) return false;
    } else if (wireType === 1 || wireType === 5) {
      at += wireType === 1 ? 8 : 4;
    } else if (wireType === 2) {
      const length = varint();
      if (length < 0 || at + length > end) return false;
      if (typeof kind === 'object' && !isWellFormed(bytes, kind, at, at + length)) return false;
      if (kind === 't' && !endsWithCharacter(bytes, at, at + length)) return false;
      at += length;
    } else {
      return false;
    }
  }
  return at === end;
};

/** Whether the last character of a text is whole: the generated code reads the rest of it from what follows. */
const endsWithCharacter = (bytes: Uint8Array, from: number, end: number): boolean => {
  let at = from;
  while (at < end) at += lengthBy(bytes[at] ?? 0);
  return at === end;
};

/** Of a character in UTF-8, by its first byte; as the generated code reads it, which skips what begins none. */
const lengthBy = (first: number): number => {
  if (first < 0xc0 || first >= 0xf8) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
};
