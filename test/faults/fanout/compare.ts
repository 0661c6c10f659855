import { createHash } from 'node:crypto';

import canonicalize from 'canonicalize';

/** An event of the log that the registry publishes, with what the comparison needs of it. */
export interface LoggedFact {
  readonly stream: string;
  /** Of its record. */
  readonly key: string;
  readonly revision: number;
  /** As it is stored. */
  readonly type: string;
  /** As it is published. */
  readonly name: string;
  readonly position: bigint;
  readonly id: string;
  /** Of the published data; see `hashOf`. */
  readonly hash: string;
  /** Of a ProductRegistered. */
  readonly manufacturerId?: string;
}

/** A record of the topic as a reader sees it who knows nothing of our code. */
export interface TopicRecord {
  readonly key: string;
  readonly stream: string;
  readonly partition: number;
  readonly offset: number;
  readonly id: string;
  readonly type: string;
  readonly revision: number;
  readonly position: bigint;
  readonly hash: string;
}

/** Of the value, whatever the order of its members. */
export const hashOf = (value: unknown): string =>
  createHash('sha256')
    .update(canonicalize(value) ?? '')
    .digest('base64');

const shownFaults = 20;

/**
 * What is wrong on the topic: an event that is missing or there twice, something that the log does
 * not hold, a key out of the log's order or on two partitions. At most twenty, then their number.
 */
export const topicFaults = (
  records: readonly TopicRecord[],
  log: readonly LoggedFact[],
): readonly string[] => {
  const faults: string[] = [];
  const wanted = new Map(log.map((event) => [placeOf(event.stream, event.revision), event]));
  const seen = new Set<string>();
  const last = new Map<string, TopicRecord>();
  for (const record of inOrder(records)) {
    const place = placeOf(record.stream, record.revision);
    const event = wanted.get(place);
    if (!event) faults.push(`${place} is on the topic, not in the log`);
    else if (event.name !== record.type) {
      faults.push(`${place} is a ${record.type} on the topic, not a ${event.name}`);
    } else if (event.key !== record.key) {
      faults.push(`${place} has key ${record.key}, not ${event.key}`);
    } else if (event.position !== record.position) {
      faults.push(
        `${place} has position ${String(record.position)}, not ${String(event.position)}`,
      );
    } else if (event.id !== record.id) {
      faults.push(`${place} has id ${record.id}, not ${event.id}`);
    } else if (event.hash !== record.hash) faults.push(`${place} has other data than in the log`);
    if (seen.has(place)) faults.push(`${place} is on the topic twice`);
    seen.add(place);
    const before = last.get(record.key);
    if (before && before.partition !== record.partition) {
      faults.push(`${record.key} is on partitions ${before.partition} and ${record.partition}`);
    }
    if (before && before.position >= record.position) {
      const [first, second] = [before, record].map(({ position }) => String(position));
      faults.push(`${record.key}: position ${second} after ${first}`);
    }
    last.set(record.key, record);
  }
  for (const place of wanted.keys()) if (!seen.has(place)) faults.push(`${place} is missing`);
  const more = faults.length - shownFaults;
  return more > 0 ? [...faults.slice(0, shownFaults), `and ${more} more`] : faults;
};

const placeOf = (stream: string, revision: number): string => `${stream}@${revision}`;

const inOrder = (records: readonly TopicRecord[]): readonly TopicRecord[] =>
  [...records].sort((a, b) => a.partition - b.partition || a.offset - b.offset);

/** One row of `GET /v1/analytics/registry-activity`, as far as it is compared. */
export interface Activity {
  readonly manufacturerId: string | null;
  readonly kind: string;
  readonly count: number;
}

/** Where the analyst's counts, added up over the days, differ from those of the log. */
export const activityFaults = (
  rows: readonly Activity[],
  log: readonly LoggedFact[],
): readonly string[] => {
  const counted = new Map<string, number>();
  const add = (manufacturer: string | null, kind: string, count: number): void => {
    const key = `${manufacturer ?? 'nobody'} ${kind}`;
    counted.set(key, (counted.get(key) ?? 0) + count);
  };
  for (const { manufacturerId, kind, count } of rows) add(manufacturerId, kind, count);
  const makers = new Map<string, string>();
  for (const { stream, type, manufacturerId } of log) {
    const [category] = stream.split('-', 1);
    if (manufacturerId !== undefined) makers.set(stream, manufacturerId);
    const maker =
      category === 'manufacturer' ? stream.slice('manufacturer-'.length) : makers.get(stream);
    add(maker ?? null, kindOf(type), -1);
  }
  return [...counted]
    .filter(([, difference]) => difference !== 0)
    .map(([key, difference]) => `activity ${key}: ${difference} more than in the log`)
    .slice(0, shownFaults);
};

const kindOf = (type: string): string =>
  type.replaceAll(/(?<!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
