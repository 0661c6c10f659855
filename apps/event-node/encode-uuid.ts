import { ProtoWriter } from '#protobuf/proto-writer.js';

/** Writes the fields of a UUID message: text, or two numbers. */
export const writeUuid = (uuid: ProtoWriter, id: string, structured: boolean): void => {
  if (!structured) return void uuid.string(2, id);
  const hex = id.replaceAll('-', '');
  uuid.message(1, (bits) => {
    bits.uint64(2, BigInt(`0x${hex.slice(16)}`)).uint64(1, BigInt(`0x${hex.slice(0, 16)}`));
  });
};

/** Such a message on its own. */
export const encodeUuid = (id: string, structured: boolean): Uint8Array => {
  const message = new ProtoWriter(100);
  writeUuid(message, id, structured);
  return message.finish();
};
