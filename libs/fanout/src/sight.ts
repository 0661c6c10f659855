import { UnknownEventType } from '#event-log/codec.js';
import type { Position, StoredEvent } from '#event-log/event-log.js';
import type { LogTail } from '#event-log/log-tail.js';
import { isAfter } from '#event-log/position.js';
import type { Contract } from '#kernel/contract.js';
import { ageMs } from '#kernel/wall-clock.js';
import { type SubscriptionStatus, unseenSeconds } from '#subscription/status.js';

import { Partitioner } from './cluster/partitioner.js';
import { Publication } from './fact.js';

/** Events of one partition that the log took within so many milliseconds are taken for one. */
const markMs = 500;
/** For each partition. Behind so many, what comes counts as taken when the last of them was: as longer ago than it is. */
const maxMarks = 1_000;

interface Mark {
  readonly takenAt: number;
  through: Position;
}

/**
 * For how many seconds facts of a key may have been in the log without being handled by this process; undefined where
 * others follow it.
 */
export type Unseen = (topic: string, key: string) => number | undefined;

/**
 * How far a process that takes facts is behind the log. At the end of a topic of Kafka it may still be far behind, because
 * the relay stands still: so the log itself is listened to, and what it took counts until Kafka has brought it.
 */
export class Sight {
  private readonly publication;
  private readonly partitioner = new Partitioner();
  private readonly contracts: ReadonlyMap<string, Contract>;
  private readonly marks = new Map<string, Mark[]>();

  constructor(
    private readonly source: SubscriptionStatus['source'],
    contracts: readonly Contract[],
    topics: readonly string[],
    private readonly tail: Pick<LogTail, 'status' | 'onEvent'>,
  ) {
    const own = contracts.filter(({ topic }) => topics.includes(topic));
    this.publication = new Publication(own);
    this.contracts = new Map(own.map((contract) => [contract.topic, contract]));
  }

  /** Listens to the log from now on. Returns the way to stop. */
  start(): () => void {
    if (this.source === 'log') return () => undefined;
    return this.tail.onEvent((event) => {
      this.mark(event);
    });
  }

  /** As it is now, by the status of the subscription. */
  of(status: Pick<SubscriptionStatus, 'partitions'>): Unseen {
    if (this.source === 'log') return (topic) => unseenSeconds(status, topic);
    const { lastProgressAt } = this.tail.status();
    const tailS = lastProgressAt ? ageMs(lastProgressAt) / 1_000 : Infinity;
    return (topic, key) => {
      const contract = this.contracts.get(topic);
      const partition = contract && this.partitioner.partitionOf(contract, key);
      const own = status.partitions.find(
        (one) => one.scope === topic && one.partition === partition,
      );
      if (!own) return undefined;
      const waitsS = this.waitsS(`${topic} ${String(own.partition)}`, own.position);
      return Math.max(own.unseenSeconds, tailS, waitsS);
    };
  }

  private mark(event: StoredEvent): void {
    const published = this.publishedOf(event);
    if (!published) return;
    const { contract, fact } = published;
    const partition = this.partitioner.partitionOf(contract, fact.key);
    const name = `${contract.topic} ${String(partition)}`;
    const marks = this.marks.get(name) ?? [];
    this.marks.set(name, marks);
    const now = performance.now();
    const last = marks.at(-1);
    if (last && (now - last.takenAt < markMs || marks.length >= maxMarks)) {
      last.through = event.position;
    } else marks.push({ takenAt: now, through: event.position });
  }

  private publishedOf(event: StoredEvent) {
    try {
      return this.publication.of(event);
    } catch (error) {
      // The relay stops at it: by what follows it is seen to.
      if (error instanceof UnknownEventType) return null;
      throw error;
    }
  }

  /** Since the oldest was taken that lies behind `position`. */
  private waitsS(name: string, position: Position | undefined): number {
    const marks = this.marks.get(name) ?? [];
    const left = marks.findIndex(({ through }) => isAfter(through, position));
    marks.splice(0, left < 0 ? marks.length : left);
    const [oldest] = marks;
    return oldest ? (performance.now() - oldest.takenAt) / 1_000 : 0;
  }
}
