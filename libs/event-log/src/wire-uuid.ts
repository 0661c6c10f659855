import type { ProtoReader } from '#protobuf/proto-reader.js';

/** `UUID` as text. A server may send one as two numbers, as it does when an append took too long. */
export const uuidIn = (reader: ProtoReader): string => {
  let text = '';
  while (reader.next()) {
    if (reader.field === 1) text = ofHalves(reader.message().pair());
    else if (reader.field === 2) text = reader.ascii();
    else reader.skip();
  }
  return text;
};

const ofHalves = (halves: readonly bigint[]): string => {
  const digits = halves.map((half) => half.toString(16).padStart(16, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};
