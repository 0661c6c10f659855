import { Partitioners } from 'kafkajs';

import type { Contract } from '#kernel/contract.js';

const partition = Partitioners.DefaultPartitioner();

/** On which of so many partitions a key lies, as the Java client and every other that follows it. */
export const partitionerFor = (topic: string, partitions: number): ((key: string) => number) => {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 0,
    replicas: [],
    isr: [],
  }));
  return (key) => partition({ topic, partitionMetadata, message: { key, value: null } });
};

const rememberedKeys = 50_000;

/** On which partition of its topic a key lies. Remembers, because hashing costs. */
export class Partitioner {
  private readonly known = new Map<string, number>();
  private readonly partitioners = new Map<string, (key: string) => number>();

  partitionOf({ topic, partitions }: Contract, key: string): number {
    const id = `${topic} ${key}`;
    const known = this.known.get(id);
    if (known !== undefined) return known;
    const partitioner = this.partitioners.get(topic) ?? partitionerFor(topic, partitions);
    this.partitioners.set(topic, partitioner);
    const found = partitioner(key);
    if (this.known.size >= rememberedKeys) this.known.clear();
    this.known.set(id, found);
    return found;
  }
}
