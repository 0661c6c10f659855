import type { Batch } from './batches.js';
import type { PartitionedRecord } from './publisher.js';

interface PackedRecords {
  readonly topic: string;
  readonly keys: readonly string[];
  readonly partitions: readonly number[];
  readonly headers: readonly Record<string, string>[];
  readonly lengths: readonly number[];
  /** The values one behind the other: transferred, not copied. */
  readonly values: ArrayBuffer;
}

/** A batch as it passes from one thread to another. */
export interface PackedBatch extends Omit<Batch, 'topics'> {
  readonly topics: readonly PackedRecords[];
}

/** The batch, and what of it is to be transferred. */
export const pack = ({ topics, ...rest }: Batch): [PackedBatch, ArrayBuffer[]] => {
  const packed = [...topics].map(([topic, records]) => packedRecords(topic, records));
  return [{ ...rest, topics: packed }, packed.map(({ values }) => values)];
};

export const unpack = ({ topics, ...rest }: PackedBatch): Batch => ({
  ...rest,
  topics: new Map(topics.map((packed) => [packed.topic, recordsOf(packed)])),
});

const packedRecords = (topic: string, records: readonly PartitionedRecord[]): PackedRecords => {
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

const recordsOf = ({ keys, partitions, headers, lengths, values }: PackedRecords) => {
  let offset = 0;
  return lengths.map((length, index): PartitionedRecord => {
    const value = Buffer.from(values, offset, length);
    offset += length;
    return {
      ...{ key: keys[index] ?? '', value },
      ...{ headers: headers[index] ?? {}, partition: partitions[index] ?? 0 },
    };
  });
};
