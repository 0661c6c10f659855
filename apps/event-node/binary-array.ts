/**
 * Postgres arrays in its binary format. Sent as one parameter each, they spare both sides the
 * escaping and the hexadecimal text of bytea.
 */
const header = (oid: number, count: number, bytes: number): { buffer: Buffer; offset: number } => {
  const buffer = Buffer.allocUnsafe(20 + bytes);
  buffer.writeInt32BE(count === 0 ? 0 : 1, 0);
  buffer.writeInt32BE(0, 4);
  buffer.writeInt32BE(oid, 8);
  if (count === 0) return { buffer: buffer.subarray(0, 12), offset: 12 };
  buffer.writeInt32BE(count, 12);
  buffer.writeInt32BE(1, 16);
  return { buffer, offset: 20 };
};

export const bigintArray = (values: readonly bigint[]): Buffer => {
  const { buffer, offset } = header(20, values.length, values.length * 12);
  let at = offset;
  for (const value of values) {
    buffer.writeInt32BE(8, at);
    buffer.writeBigInt64BE(value, at + 4);
    at += 12;
  }
  return buffer;
};

export const booleanArray = (values: readonly boolean[]): Buffer => {
  const { buffer, offset } = header(16, values.length, values.length * 5);
  let at = offset;
  for (const value of values) {
    buffer.writeInt32BE(1, at);
    buffer.writeUInt8(value ? 1 : 0, at + 4);
    at += 5;
  }
  return buffer;
};

export const uuidArray = (values: readonly string[]): Buffer => {
  const { buffer, offset } = header(2950, values.length, values.length * 20);
  let at = offset;
  for (const value of values) {
    buffer.writeInt32BE(16, at);
    buffer.write(value.replaceAll('-', ''), at + 4, 'hex');
    at += 20;
  }
  return buffer;
};

const chunkArray = (oid: number, chunks: readonly Uint8Array[]): Buffer => {
  const bytes = chunks.reduce((sum, chunk) => sum + 4 + chunk.byteLength, 0);
  const { buffer, offset } = header(oid, chunks.length, bytes);
  let at = offset;
  for (const chunk of chunks) {
    buffer.writeInt32BE(chunk.byteLength, at);
    buffer.set(chunk, at + 4);
    at += 4 + chunk.byteLength;
  }
  return buffer;
};

export const textArray = (values: readonly string[]): Buffer =>
  chunkArray(
    25,
    values.map((value) => Buffer.from(value)),
  );

export const byteaArray = (values: readonly Uint8Array[]): Buffer => chunkArray(17, values);
