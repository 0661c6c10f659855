/** A length, a tag or a number that no message of Protocol Buffers has at its place. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
  constructor() {
    super('malformed message');
  }
}

const varintBytes = 10;
const maxTag = 0xffff_ffff;

/**
 * Walks the fields of one protobuf message in place, by `next` and then one of the readers or `skip`. Throws
 * `MalformedMessage` where a length leaves the message, a number does not end, or a field has another wire
 * type than the one that is read. What is read as bytes is a view on the message.
 */
export class ProtoReader {
  /** Number of the field at which the reader stands. */
  field = 0;
  private wireType = 0;

  constructor(
    private readonly buffer: Buffer,
    private at = 0,
    private readonly end = buffer.length,
  ) {}

  /** Steps to the next field; false at the end of the message. */
  next(): boolean {
    if (this.at >= this.end) return false;
    const tag = this.varint();
    if (tag < 8 || tag > maxTag) throw new MalformedMessage();
    this.field = tag >>> 3;
    this.wireType = tag & 7;
    return true;
  }

  /** A number that is no more than 2^53; what is more is rounded. */
  number(): number {
    this.expect(0);
    return this.varint();
  }

  /** An unsigned number of 64 bits. */
  uint64(): bigint {
    this.expect(0);
    const start = this.at;
    const rounded = this.varint();
    if (rounded <= Number.MAX_SAFE_INTEGER) return BigInt(rounded);
    let value = 0n;
    for (let at = this.at - 1; at >= start; at -= 1) {
      value = (value << 7n) | BigInt((this.buffer[at] ?? 0) & 0x7f);
    }
    return BigInt.asUintN(64, value);
  }

  bytes(): Buffer {
    const from = this.enter();
    return this.buffer.subarray(from, this.at);
  }

  string(): string {
    const from = this.enter();
    return this.buffer.toString('utf8', from, this.at);
  }

  /** As `string`, for what is ASCII by its nature, such as an id: that is quicker. */
  ascii(): string {
    const from = this.enter();
    return this.buffer.toString('latin1', from, this.at);
  }

  /** A reader of the message that the field holds. */
  message(): ProtoReader {
    const from = this.enter();
    return new ProtoReader(this.buffer, from, this.at);
  }

  /** Of a message of two numbers of 64 bits, such as a position: its fields 1 and 2, each 0 where it is absent. */
  pair(): readonly [bigint, bigint] {
    let first = 0n;
    let second = 0n;
    while (this.next()) {
      if (this.field === 1) first = this.uint64();
      else if (this.field === 2) second = this.uint64();
      else this.skip();
    }
    return [first, second];
  }

  skip(): void {
    if (this.wireType === 0) this.varint();
    else if (this.wireType === 2) this.enter();
    else if (this.wireType === 1) this.at += 8;
    else if (this.wireType === 5) this.at += 4;
    else throw new MalformedMessage();
    if (this.at > this.end) throw new MalformedMessage();
  }

  private expect(wireType: number): void {
    if (this.wireType !== wireType) throw new MalformedMessage();
  }

  /** Steps over a field with a length; returns where it begins. It ends where the reader then stands. */
  private enter(): number {
    this.expect(2);
    const length = this.varint();
    const from = this.at;
    if (length > this.end - from) throw new MalformedMessage();
    this.at = from + length;
    return from;
  }

  private varint(): number {
    const { buffer, end } = this;
    let value = 0;
    let factor = 1;
    for (let n = 0; n < varintBytes && this.at < end; n += 1) {
      const byte = buffer[this.at] ?? 0;
      this.at += 1;
      if (byte < 0x80) return value + byte * factor;
      value += (byte & 0x7f) * factor;
      factor *= 128;
    }
    throw new MalformedMessage();
  }
}
