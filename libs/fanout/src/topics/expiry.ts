import type { Position } from '#event-log/event-log.js';
import { isAfter } from '#event-log/position.js';

import { partitionerFor } from '../cluster/partitioner.js';
import type { Fact } from '../fact.js';
import type { TopicStatus } from './list-topics.js';

/** Which facts a topic with a retention has given up, so that they are not taken for lost. */
export class Expiry {
  /** Of the oldest fact that is there; null where there is none. Only partitions that gave something up. */
  private readonly begins = new Map<number, Position | null>();
  private readonly partitionOf: (key: string) => number;

  constructor({ topic, retentionMs, retentionBytes, offsets }: TopicStatus) {
    const isKept = retentionMs === '-1' && retentionBytes === '-1';
    for (const { partition, first } of isKept ? [] : offsets) {
      if (first !== '0') this.begins.set(partition, null);
    }
    this.partitionOf = partitionerFor(topic, offsets.length);
  }

  /** Called with each fact that is there, in the order of its partition. */
  found({ position }: Fact, partition: number): void {
    if (this.begins.get(partition) === null) this.begins.set(partition, position);
  }

  /** Whether the fact was given up; called once the topic is read. */
  has({ key, position }: Fact): boolean {
    if (this.begins.size === 0) return false;
    const begin = this.begins.get(this.partitionOf(key));
    return begin === null || (begin !== undefined && isAfter(begin, position));
  }
}
