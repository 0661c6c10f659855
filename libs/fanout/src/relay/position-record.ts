import type { Kafka } from 'kafkajs';

import type { Position } from '#event-log/event-log.js';
import type { Anchor } from '#event-log/log-check.js';
import { isAfter } from '#event-log/position.js';
import type { Contract } from '#kernel/contract.js';

import { lastRecords } from '../cluster/read-topic.js';
import type { Partition } from '../cluster/topics.js';
import type { Batch } from './batches.js';

/** Keys of the records on the position topic. */
export const positionKey = 'relay';
export const markerKey = 'start';

/** How far one topic is filled. */
export interface TopicPosition {
  /** Every event of the log through here is on the topic. Null: none yet. */
  readonly position: Position | null;
  /** Per partition, an offset that its end has reached at least. As only the relay writes there, it never shrinks. */
  readonly next: ReadonlyMap<number, bigint>;
  /** Set by a reset: of the last fact that each partition had. No event at or before it is written there again. */
  readonly lastFacts?: ReadonlyMap<number, Position>;
}

/** What the relay must know to go on. Written in the transaction of the records that it speaks of. */
export interface RelayPosition {
  readonly topics: ReadonlyMap<string, TopicPosition>;
  /** Revision of the control stream through which resets are carried out; -1 before the first. */
  readonly control: bigint;
  /** The last event that was published, by which the log is recognised. */
  readonly anchor?: Anchor | undefined;
}

/** The events that a log holds if it is the one that the topics were filled from. */
export const anchorsOf = (
  { topics, anchor }: RelayPosition,
  contracts: readonly Pick<Contract, 'topic'>[],
): readonly Anchor[] => {
  const taken = contracts.flatMap(({ topic }) => {
    const { position, lastFacts } = topics.get(topic) ?? { position: null };
    return [...(position ? [position] : []), ...(lastFacts?.values() ?? [])];
  });
  const named = taken.map((position) => ({ position, id: undefined }));
  return anchor ? [anchor, ...named] : named;
};

/** The position through which all of `contracts` are published: the smallest. Undefined: nothing yet. */
export const startOf = (
  { topics }: RelayPosition,
  contracts: readonly Pick<Contract, 'topic'>[],
): Position | undefined => {
  let start: Position | undefined;
  for (const { topic } of contracts) {
    const position = topics.get(topic)?.position;
    if (!position) return undefined;
    if (!start || isAfter(start, position)) start = position;
  }
  return start;
};

/** The position after a batch. Offsets are known when the broker has answered; until then each partition grows by what is sent at least. */
export const filledThrough = (
  known: RelayPosition,
  { through, lastId, topics: batch }: Pick<Batch, 'through' | 'lastId' | 'topics'>,
  contracts: readonly Pick<Contract, 'topic'>[],
): RelayPosition => {
  const topics = new Map(known.topics);
  for (const { topic } of contracts) {
    const entry = topics.get(topic);
    if (!entry || (entry.position && !isAfter(through, entry.position))) continue;
    const next = new Map(entry.next);
    for (const { partition } of batch.get(topic) ?? []) {
      next.set(partition, (next.get(partition) ?? 0n) + 1n);
    }
    const { lastFacts, ...rest } = entry;
    const isBehind = [...(lastFacts?.values() ?? [])].some((last) => isAfter(last, through));
    topics.set(topic, { ...(isBehind ? entry : rest), position: through, next });
  }
  return { ...known, topics, anchor: { position: through, id: lastId } };
};

/** What is on the position topic under our key is not what a relay of this version, or an earlier one, writes. */
export class UnreadablePosition extends Error {
  override readonly name = 'UnreadablePosition';
}

/**
 * The last committed position on the position topic between two offsets; null where there is none. Once
 * a read_committed reader has come to `high`, every earlier transaction has ended. Throws
 * `UnreadablePosition`, or the error of the cluster.
 */
export const readPosition = async (
  kafka: Kafka,
  topic: string,
  { low, high }: Pick<Partition, 'low' | 'high'>,
): Promise<RelayPosition | null> => {
  const ends = [{ partition: 0, low, high }];
  const last = await lastRecords(
    kafka,
    topic,
    ends,
    ({ key, value }) => key?.toString() === positionKey && value !== null,
  );
  const value = last.get(0)?.value;
  return value ? decodePosition(value) : null;
};

const version = 1;

/** The names are the storage format; `held` is `TopicPosition.lastFacts`. */
interface TopicJson {
  position: string | null;
  next: Record<string, string>;
  held?: Record<string, string>;
}

/** Positions are `commit/prepare`, all numbers decimal text: they may exceed what JSON's numbers hold. */
export const encodePosition = ({ topics, control, anchor }: RelayPosition): Buffer => {
  const entries = [...topics].map(([topic, { position, next, lastFacts }]) => {
    const entry: TopicJson = {
      position: position && shown(position),
      next: asObject(next, String),
    };
    return [topic, lastFacts ? { ...entry, held: asObject(lastFacts, shown) } : entry];
  });
  const value = {
    v: version,
    topics: Object.fromEntries(entries) as Record<string, TopicJson>,
    control: control.toString(),
    ...(anchor && { anchor: { position: shown(anchor.position), id: anchor.id } }),
  };
  return Buffer.from(JSON.stringify(value));
};

/** Throws `UnreadablePosition`. */
export const decodePosition = (bytes: Buffer): RelayPosition => {
  try {
    const value = JSON.parse(bytes.toString()) as {
      v: unknown;
      topics: Record<string, TopicJson>;
      control: string;
      anchor?: { position: string; id?: string };
    };
    if (value.v !== version) throw new UnreadablePosition(`it has version ${String(value.v)}`);
    const topics = Object.entries(value.topics).map(([topic, each]): [string, TopicPosition] => [
      topic,
      {
        position: each.position === null ? null : read(each.position),
        next: asMap(each.next, BigInt),
        ...(each.held && { lastFacts: asMap(each.held, read) }),
      },
    ]);
    const { anchor } = value;
    return {
      topics: new Map(topics),
      control: BigInt(value.control),
      ...(anchor && { anchor: { position: read(anchor.position), id: anchor.id } }),
    };
  } catch (cause) {
    if (cause instanceof UnreadablePosition) throw cause;
    throw new UnreadablePosition(`${bytes.toString().slice(0, 200)} is no position`, { cause });
  }
};

const shown = ({ commit, prepare }: Position): string =>
  `${commit.toString()}/${prepare.toString()}`;

const read = (text: string): Position => {
  const [commit, prepare] = text.split('/');
  if (commit === undefined || prepare === undefined) throw new Error(`${text} is no position`);
  return { commit: BigInt(commit), prepare: BigInt(prepare) };
};

const asObject = <T>(map: ReadonlyMap<number, T>, show: (value: T) => string) =>
  Object.fromEntries([...map].map(([partition, value]) => [String(partition), show(value)]));

const asMap = <T>(object: Record<string, string>, parse: (text: string) => T): Map<number, T> =>
  new Map(Object.entries(object).map(([partition, text]) => [Number(partition), parse(text)]));
