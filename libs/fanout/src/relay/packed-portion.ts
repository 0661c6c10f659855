import type { Portion } from './portions.js';
import type { PlacedRecord } from './publisher.js';

interface PackedBatch {
  readonly topic: string;
  readonly keys: readonly string[];
  readonly partitions: readonly number[];
  readonly headers: readonly Record<string, string>[];
  readonly lengths: readonly number[];
  /** The values one behind the other: handed over, not copied. */
  readonly values: ArrayBuffer;
}

/** A portion as it passes from one thread to another. */
export interface PackedPortion extends Omit<Portion, 'batches'> {
  readonly batches: readonly PackedBatch[];
}

/** The portion, and what of it is to be handed over. */
export const pack = ({ batches, ...rest }: Portion): [PackedPortion, ArrayBuffer[]] => {
  const packed = [...batches].map(([topic, records]) => packedBatch(topic, records));
  return [{ ...rest, batches: packed }, packed.map(({ values }) => values)];
};

export const unpack = ({ batches, ...rest }: PackedPortion): Portion => ({
  ...rest,
  batches: new Map(batches.map((batch) => [batch.topic, recordsOf(batch)])),
});

const packedBatch = (topic: string, records: readonly PlacedRecord[]): PackedBatch => {
  const lengths = records.map(({ value }) => value.length);
  const values = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let offset = 0;
  for (const { value } of records) {
    values.set(value, offset);
    offset += value.length;
  }
  return {
    ...{ topic, lengths, values: values.buffer },
    keys: records.map(({ key }) => key),
    partitions: records.map(({ partition }) => partition),
    headers: records.map(({ headers }) => headers ?? {}),
  };
};

const recordsOf = (batch: PackedBatch): PlacedRecord[] => {
  let offset = 0;
  return batch.lengths.map((length, index) => {
    const value = Buffer.from(batch.values, offset, length);
    offset += length;
    return {
      key: batch.keys[index] ?? '',
      value,
      headers: batch.headers[index] ?? {},
      partition: batch.partitions[index] ?? 0,
    };
  });
};
