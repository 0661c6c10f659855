import type { Position } from '#event-log/event-log.js';
import { ageMs, timeOfDay } from '#kernel/wall-clock.js';

import {
  type Partition,
  partitionKey,
  type Place,
  type Transport,
  type TransportReport,
} from '../transport/transport.js';
import type { ConsumerStatus, PartitionStatus } from './status.js';

/** Moments of this process are those of `performance.now()`. */
interface PartitionState extends Partition {
  place: Place;
  end: bigint | undefined;
  progressAt: number;
  /** Time of day, in milliseconds since 1970: another machine wrote it. */
  recordedAt: number | undefined;
  caughtUpAt: number | undefined;
  readonly openedAt: number;
}

const unconnected: Record<Transport['name'], string> = {
  kafka: 'it joins its group on Kafka',
  log: 'it has not begun to read the log',
};

/** What is known in this process of how a consumer stands; `status()` is put together from it. */
export class Board implements TransportReport {
  private readonly partitions = new Map<string, PartitionState>();
  private readonly idleAt = new Map<string, number>();
  private readonly waiting = new Map<string, string>();
  private readonly stops = new Map<string, string>();
  private isConnected = false;
  /** Raised with each change that others should see. */
  changes = 0;

  constructor(
    private readonly consumer: string,
    private readonly transport: Transport['name'],
    private readonly topics: readonly string[],
  ) {}

  connected(connected: boolean): void {
    if (connected !== this.isConnected) this.changes += 1;
    this.isConnected = connected;
  }

  waits(scope: string, reason: string | undefined): void {
    if (this.waiting.get(scope) === reason) return;
    if (reason === undefined) this.waiting.delete(scope);
    else this.waiting.set(scope, reason);
    this.changes += 1;
  }

  stopped(topic: string, reason: string | undefined): void {
    if (this.stops.get(topic) === reason) return;
    if (reason === undefined) this.stops.delete(topic);
    else this.stops.set(topic, reason);
    this.changes += 1;
  }

  idle(topic: string): void {
    this.idleAt.set(topic, performance.now());
  }

  stands(own: Partition, place: Place, recordedAt?: string): void {
    const key = partitionKey(own);
    const now = performance.now();
    const { topic, partition } = own;
    const known = this.partitions.get(key);
    const state: PartitionState = known ?? {
      ...{ topic, partition, place, end: undefined, progressAt: now, openedAt: now },
      ...{ recordedAt: undefined, caughtUpAt: undefined },
    };
    this.partitions.set(key, state);
    if (recordedAt !== undefined) state.recordedAt = Date.parse(recordedAt);
    if (place.nextOffset !== state.place.nextOffset) state.progressAt = now;
    state.place = place;
    if (state.end !== undefined) this.ends(own, state.end);
    this.changes += 1;
  }

  ends(own: Partition, end: bigint): void {
    const state = this.partitions.get(partitionKey(own));
    if (!state) return;
    if (state.end !== end) this.changes += 1;
    state.end = end;
    if (state.place.nextOffset >= end) state.progressAt = state.caughtUpAt = performance.now();
  }

  left(own: Partition): void {
    this.partitions.delete(partitionKey(own));
  }

  /** The ends of the partitions that this process reads, as they were last seen. */
  seenEnds(): (Partition & { readonly end: bigint })[] {
    return [...this.partitions.values()].flatMap(({ topic, partition, end }) =>
      end === undefined ? [] : [{ topic, partition, end }],
    );
  }

  status(): ConsumerStatus {
    const stopped = [...this.stops].map(([topic, reason]) => ({ topic, reason }));
    const [waitsFor = this.isConnected ? undefined : unconnected[this.transport]] =
      this.waiting.values();
    return {
      consumer: this.consumer,
      transport: this.transport,
      state: stopped.length > 0 ? 'stopped' : waitsFor === undefined ? 'running' : 'waiting',
      reason: stopped[0] ? `${stopped[0].topic}: ${stopped[0].reason}` : waitsFor,
      connected: this.isConnected,
      lastProgressAt: this.lastProgressAt(),
      partitions: [...this.partitions.values()].map(shown),
      stopped,
    };
  }

  /** The topic that has stood still for longest decides, and in it the partition that has. */
  private lastProgressAt(): Date | undefined {
    const times = this.topics
      .filter((topic) => !this.stops.has(topic))
      .map((topic) => {
        const own = [...this.partitions.values()].filter((state) => state.topic === topic);
        return own.length > 0
          ? Math.min(...own.map(({ progressAt }) => progressAt))
          : this.idleAt.get(topic);
      });
    const known = times.filter((time) => time !== undefined);
    return known.length < times.length || known.length === 0
      ? undefined
      : timeOfDay(Math.min(...known));
  }
}

const shown = (state: PartitionState): PartitionStatus => {
  const { topic, partition, place, end } = state;
  const position: Position | undefined = place.position;
  return {
    topic,
    partition,
    nextOffset: place.nextOffset,
    position,
    end,
    lagSeconds: lagOf(state),
  };
};

const lagOf = ({ place, end, recordedAt, caughtUpAt, openedAt }: PartitionState): number => {
  if (end !== undefined && place.nextOffset >= end) return 0;
  const ages = [
    ...(recordedAt === undefined ? [] : [ageMs(recordedAt)]),
    ...(caughtUpAt === undefined ? [] : [performance.now() - caughtUpAt]),
  ];
  const age = ages.length === 0 ? performance.now() - openedAt : Math.min(...ages);
  return Math.max(0, age / 1_000);
};
