import type { Position } from '#event-log/event-log.js';
import { isAfter } from '#event-log/position.js';
import type { Contract } from '#kernel/contract.js';

import { TopicLost } from '../cluster/failures.js';
import { expectPartitions, type Partition } from '../cluster/topics.js';
import type { RelayPosition, TopicPosition } from './position-record.js';

export interface Recorded {
  readonly contracts: readonly Contract[];
  /** Of the position topic; null where it holds none. */
  readonly found: RelayPosition | null;
  readonly partitions: ReadonlyMap<string, readonly Partition[] | undefined>;
  /** Topics that an operator wants reset, and the revision of the control stream that includes it. */
  readonly resets: readonly string[];
  readonly control: bigint;
  create(contract: Contract): Promise<readonly Partition[]>;
  /** Of each partition that holds facts: the position of the last one. */
  lastFacts(topic: string, partitions: readonly Partition[]): Promise<Map<number, Position>>;
}

export interface Reconciled {
  readonly position: RelayPosition;
  readonly partitions: ReadonlyMap<string, readonly Partition[]>;
  /** Whether `position` differs from what the position topic holds. */
  readonly isNews: boolean;
}

/**
 * Compares what the relay has recorded to have written with what Kafka holds: where to go on. Makes
 * topics that were never there. Throws `NeedsOperator` where something was lost.
 */
export const reconcile = async (recorded: Recorded): Promise<Reconciled> => {
  const { contracts, found, resets, control } = recorded;
  const topics = new Map(found?.topics);
  const partitions = new Map<string, readonly Partition[]>();
  let isNews = found === null || resets.length > 0;
  for (const contract of contracts) {
    const { topic } = contract;
    const known = found?.topics.get(topic);
    const isReset = resets.includes(topic);
    const there = await partitionsOf(recorded, contract, isReset ? undefined : known);
    partitions.set(topic, there);
    if (known && !isReset) {
      topics.set(topic, { ...known, next: ends(known.next, there) });
    } else {
      topics.set(topic, await beginning(recorded, topic, there, isReset, known));
      isNews = true;
    }
  }
  return { position: { topics, control }, partitions, isNews };
};

const partitionsOf = async (
  recorded: Recorded,
  contract: Contract,
  known: TopicPosition | undefined,
): Promise<readonly Partition[]> => {
  const { topic } = contract;
  const there = recorded.partitions.get(topic);
  if (!there && known && isWritten(known)) {
    throw new TopicLost(topic, `the topic ${topic} is gone, and records of it were written`);
  }
  const partitions = there ?? (await recorded.create(contract));
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
    const end = `its partition ${String(partition)} ends at ${high.toString()}`;
    const written = `records were written up to ${expected.toString()}`;
    const what = `the topic ${topic} was made anew or lost records: ${end}, and ${written}`;
    throw new TopicLost(topic, what);
  }
};

/** A topic is filled from the start of the log, but for what it holds already. */
const beginning = async (
  recorded: Recorded,
  topic: string,
  partitions: readonly Partition[],
  isReset: boolean,
  before: TopicPosition | undefined,
): Promise<TopicPosition> => {
  if (partitions.every(({ high }) => high === 0n)) return { position: null, next: new Map() };
  if (!isReset) {
    const what = `the topic ${topic} has records, and there is no position that says which`;
    throw new TopicLost(topic, `${what}: the position topic was deleted, or others wrote there`);
  }
  const lastFacts = await recorded.lastFacts(topic, partitions);
  for (const [partition, position] of before ? whole(before, partitions) : []) {
    const last = lastFacts.get(partition);
    if (!last || isAfter(position, last)) lastFacts.set(partition, position);
  }
  const entry = { position: null, next: ends(new Map(), partitions) };
  return { ...entry, ...(lastFacts.size > 0 && { lastFacts }) };
};

/**
 * Partitions that still hold, or held until their retention, all that was written to them: through
 * which position. That of an earlier reset, where it is further than the topic has been filled since.
 */
const whole = (
  { position, next, lastFacts }: TopicPosition,
  partitions: readonly Partition[],
): [number, Position][] =>
  partitions.flatMap(({ partition, high }): [number, Position][] => {
    const written = next.get(partition) ?? 0n;
    const earlier = lastFacts?.get(partition);
    const through = !position || (earlier && isAfter(earlier, position)) ? earlier : position;
    return through && written > 0n && high >= written ? [[partition, through]] : [];
  });

export const isWritten = ({ next }: Pick<TopicPosition, 'next'>): boolean =>
  [...next.values()].some((offset) => offset > 0n);

const ends = (
  next: ReadonlyMap<number, bigint>,
  partitions: readonly Partition[],
): Map<number, bigint> =>
  new Map(
    partitions.map(({ partition, high }) => {
      const known = next.get(partition) ?? 0n;
      return [partition, high > known ? high : known];
    }),
  );
