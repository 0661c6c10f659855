import { Partitioners } from 'kafkajs';

const place = Partitioners.DefaultPartitioner();

/** Tells on which of so many partitions a key lies, as the Java client and every other that follows it. */
export const partitionerFor = (topic: string, partitions: number): ((key: string) => number) => {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 0,
    replicas: [],
    isr: [],
  }));
  return (key) => place({ topic, partitionMetadata, message: { key, value: null } });
};
