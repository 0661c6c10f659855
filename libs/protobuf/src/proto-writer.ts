/**
 * Writes one protobuf message from its end to its start, so that the length of a nested message is
 * known when its head is written and no byte is copied twice.
 */
export class ProtoWriter {
  private readonly buffer: Buffer;
  private at: number;

  /** `capacity` is an upper bound of the message's length. */
  constructor(capacity: number) {
    this.buffer = Buffer.allocUnsafe(capacity);
    this.at = capacity;
  }

  finish(): Buffer {
    return this.buffer.subarray(this.at);
  }

  uint64(field: number, value: bigint): this {
    this.varint(value);
    return this.tag(field, 0);
  }

  uint32(field: number, value: number): this {
    this.varint(value);
    return this.tag(field, 0);
  }

  string(field: number, value: string): this {
    const length = Buffer.byteLength(value);
    this.at -= length;
    this.buffer.write(value, this.at, 'utf8');
    this.varint(length);
    return this.tag(field, 2);
  }

  bytes(field: number, value: Uint8Array): this {
    this.at -= value.byteLength;
    this.buffer.set(value, this.at);
    this.varint(value.byteLength);
    return this.tag(field, 2);
  }

  /** A nested message, its fields written (last first) by `write`. */
  message(field: number, write: (writer: this) => void): this {
    const end = this.at;
    write(this);
    this.varint(end - this.at);
    return this.tag(field, 2);
  }

  empty(field: number): this {
    this.varint(0);
    return this.tag(field, 2);
  }

  private tag(field: number, wireType: number): this {
    this.varint(field * 8 + wireType);
    return this;
  }

  private varint(value: number | bigint): void {
    if (typeof value === 'bigint') {
      if (value > 0xffff_ffffn) {
        this.longVarint(value);
        return;
      }
      value = Number(value);
    }
    let length = 1;
    for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) length += 1;
    this.at -= length;
    let at = this.at;
    for (; value > 127; value = Math.floor(value / 128)) this.buffer[at++] = (value % 128) | 128;
    this.buffer[at] = value;
  }

  private longVarint(value: bigint): void {
    let length = 1;
    for (let rest = value; rest > 127n; rest >>= 7n) length += 1;
    this.at -= length;
    let at = this.at;
    for (; value > 127n; value >>= 7n) this.buffer[at++] = Number(value & 127n) | 128;
    this.buffer[at] = Number(value);
  }
}
