import type { Position } from '#event-log/event-log.js';
import { isAfter } from '#event-log/position.js';
import type { Contract } from '#kernel/contract.js';

import { TopicLost } from '../cluster/failures.js';
import { expectPartitions, type Partition } from '../cluster/topics.js';
import type { RelayPosition, TopicPosition } from './position-record.js';

export interface Settling {
  readonly contracts: readonly Contract[];
  /** What the position topic says; null where it says nothing. */
  readonly found: RelayPosition | null;
  readonly partitions: ReadonlyMap<string, readonly Partition[] | undefined>;
  /** Topics that an operator wants reset, and the revision of the control stream that includes it. */
  readonly resets: readonly string[];
  readonly control: bigint;
  create(contract: Contract): Promise<readonly Partition[]>;
  /** Of each partition that holds facts: the position of the last one. */
  held(topic: string, partitions: readonly Partition[]): Promise<Map<number, Position>>;
}

export interface Settled {
  readonly position: RelayPosition;
  readonly partitions: ReadonlyMap<string, readonly Partition[]>;
  /** Whether `position` says something that the position topic does not. */
  readonly isNews: boolean;
}

/**
 * Compares what the relay knows to have written with what Kafka holds, and says where to go on.
 * Makes topics that were never there. Throws `NeedsOperator` where something was lost.
 */
export const settlePosition = async (settling: Settling): Promise<Settled> => {
  const { contracts, found, control } = settling;
  const topics = new Map(found?.topics);
  const partitions = new Map<string, readonly Partition[]>();
  let isNews = found === null || settling.resets.length > 0;
  for (const contract of contracts) {
    const known = found?.topics.get(contract.topic);
    const isReset = settling.resets.includes(contract.topic);
    const there = await partitionsOf(settling, contract, isReset ? undefined : known);
    partitions.set(contract.topic, there);
    if (known && !isReset) {
      topics.set(contract.topic, { ...known, next: raised(known.next, there) });
    } else {
      topics.set(
        contract.topic,
        await firstEntry(settling, contract.topic, there, isReset ? known : 'unknown'),
      );
      isNews = true;
    }
  }
  return { position: { topics, control }, partitions, isNews };
};

const partitionsOf = async (
  settling: Settling,
  contract: Contract,
  known: TopicPosition | undefined,
): Promise<readonly Partition[]> => {
  const { topic } = contract;
  const there = settling.partitions.get(topic);
  if (!there && known && !isUntouched(known)) {
    throw new TopicLost(topic, `the topic ${topic} is gone, and records of it were written`);
  }
  const partitions = there ?? (await settling.create(contract));
  expectPartitions(topic, partitions, contract.partitions);
  if (known) expectNothingLost(topic, known.next, partitions);
  return partitions;
};

/** Throws `NeedsOperator` where a partition ends before what was written to it. */
export const expectNothingLost = (
  topic: string,
  next: ReadonlyMap<number, bigint>,
  partitions: readonly Partition[],
): void => {
  for (const { partition, high } of partitions) {
    const expected = next.get(partition) ?? 0n;
    if (high >= expected) continue;
    throw new TopicLost(
      topic,
      `the topic ${topic} was made anew or lost records: its partition ${String(partition)} ends at ` +
        `${high.toString()}, and records were written up to ${expected.toString()}`,
    );
  }
};

const firstEntry = async (
  settling: Settling,
  topic: string,
  partitions: readonly Partition[],
  before: TopicPosition | undefined | 'unknown',
): Promise<TopicPosition> => {
  const isEmpty = partitions.every(({ high }) => high === 0n);
  if (isEmpty) return { position: null, next: new Map() };
  if (before === 'unknown') {
    throw new TopicLost(
      topic,
      `the topic ${topic} has records, and there is no position that says which: ` +
        'the position topic was deleted, or others wrote there',
    );
  }
  const held = await settling.held(topic, partitions);
  for (const [partition, position] of whole(before, partitions)) {
    const last = held.get(partition);
    if (!last || isAfter(position, last)) held.set(partition, position);
  }
  return { position: null, next: raised(new Map(), partitions), ...(held.size > 0 && { held }) };
};

/**
 * Partitions that still hold, or held until their retention, all that was written to them: through
 * which position. That of an earlier reset, where it is further than the topic has been filled since.
 */
const whole = (
  before: TopicPosition | undefined,
  partitions: readonly Partition[],
): [number, Position][] => {
  if (!before) return [];
  const { position, next, held } = before;
  return partitions.flatMap(({ partition, high }): [number, Position][] => {
    const written = next.get(partition) ?? 0n;
    const through = later(position, held?.get(partition));
    return through && written > 0n && high >= written ? [[partition, through]] : [];
  });
};

const later = (one: Position | null, other: Position | undefined): Position | null | undefined =>
  !one || (other && isAfter(other, one)) ? other : one;

const isUntouched = ({ next }: TopicPosition): boolean =>
  [...next.values()].every((offset) => offset === 0n);

const raised = (
  next: ReadonlyMap<number, bigint>,
  partitions: readonly Partition[],
): Map<number, bigint> =>
  new Map(
    partitions.map(({ partition, high }) => {
      const known = next.get(partition) ?? 0n;
      return [partition, high > known ? high : known];
    }),
  );
