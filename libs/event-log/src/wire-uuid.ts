import type { ProtoReader } from '#protobuf/proto-reader.js';

/** `UUID` as text. A server may send one as two numbers, as it does when an append took too long. */
export const uuidIn = (reader: ProtoReader): string => {
  let text = '';
  while (reader.next()) {
    if (reader.field === 1) text = ofHalves(reader.message());
    else if (reader.field === 2) text = reader.ascii();
    else reader.skip();
  }
  return text;
};

const ofHalves = (reader: ProtoReader): string => {
  let most = 0n;
  let least = 0n;
  while (reader.next()) {
    if (reader.field === 1) most = reader.uint64();
    else if (reader.field === 2) least = reader.uint64();
    else reader.skip();
  }
  const digits = most.toString(16).padStart(16, '0') + least.toString(16).padStart(16, '0');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};
