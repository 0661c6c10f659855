import type { Position } from '#event-log/event-log.js';
import { ageMs, timeOfDay } from '#kernel/wall-clock.js';
import type { CheckResult } from '#observability/health.js';

import type { SeenEnd } from './checkpoints.js';
import type { Kind } from './follower.js';
import {
  type Checkpoint,
  type Partition,
  partitionKey,
  type Source,
  type SourceStatus,
} from './source.js';

export interface PartitionStatus extends Partition {
  readonly nextOffset: bigint;
  readonly position: Position | undefined;
  /** As it was last seen, in the unit of `nextOffset`. */
  readonly end: bigint | undefined;
  /** 0 at the end; else the time since it was last there, or since the last event was recorded. */
  readonly lagSeconds: number;
  /** What was published earlier than so many seconds ago is handled: it grows while nothing is heard of the source. */
  readonly unseenSeconds: number;
}

/** The state of a subscription in this process. */
export interface SubscriptionStatus {
  readonly subscription: string;
  readonly kind: Kind;
  readonly source: Source<unknown>['name'];
  /** waiting: for something that passes. stopped: an operator is needed. */
  readonly state: 'running' | 'waiting' | 'stopped';
  /** Why it waits or is stopped. */
  readonly reason: string | undefined;
  readonly connected: boolean;
  /** When each of its partitions last moved, or was known to be at its end. */
  readonly lastProgressAt: Date | undefined;
  /** Those that this process follows. */
  readonly partitions: readonly PartitionStatus[];
}

/** Moments of this process are those of `performance.now()`. */
interface PartitionState extends Partition {
  checkpoint: Checkpoint;
  end: bigint | undefined;
  progressAt: number;
  /** Time of day, in milliseconds since 1970: another machine wrote it. */
  recordedAt: number | undefined;
  caughtUpAt: number | undefined;
  /** When the source said where it ends. */
  endSeenAt: number;
  /** When all was handled that there was. */
  levelAt: number;
  readonly openedAt: number;
}

const unconnected: Record<Source<unknown>['name'], string> = {
  kafka: 'it joins its group on Kafka',
  log: 'it has not begun to read the log',
};

/** Collects what is known in this process of a subscription; `status()` is put together from it. */
export class StatusCollector implements SourceStatus {
  private readonly partitions = new Map<string, PartitionState>();
  private readonly idleAt = new Map<string, number>();
  private readonly waiting = new Map<string, string>();
  private readonly stops = new Map<string, string>();
  /** Scopes of the partitions that an operator paused. */
  private readonly pauses = new Map<string, string>();
  private isConnected = false;
  /** What has to be followed. */
  scopes: readonly string[] = [];
  /** Raised with each change that others should see. */
  changes = 0;

  constructor(
    private readonly subscription: string,
    private readonly kind: Kind,
    private readonly source: Source<unknown>['name'],
  ) {}

  connected(connected: boolean): void {
    if (connected !== this.isConnected) this.changes += 1;
    this.isConnected = connected;
  }

  waits(scope: string, reason: string | undefined): void {
    this.set(this.waiting, scope, reason);
  }

  stopped(scope: string, reason: string | undefined): void {
    this.set(this.stops, scope, reason);
  }

  private set(reasons: Map<string, string>, scope: string, reason: string | undefined): void {
    if (reasons.get(scope) === reason) return;
    if (reason === undefined) reasons.delete(scope);
    else reasons.set(scope, reason);
    this.changes += 1;
  }

  idle(scope: string): void {
    this.idleAt.set(scope, performance.now());
  }

  moved(own: Partition, checkpoint: Checkpoint, recordedAt?: string): void {
    const key = partitionKey(own);
    const now = performance.now();
    const { scope, partition } = own;
    const known = this.partitions.get(key);
    const state: PartitionState = known ?? {
      ...{ scope, partition, checkpoint, end: undefined, progressAt: now, openedAt: now },
      ...{ recordedAt: undefined, caughtUpAt: undefined },
      ...{ endSeenAt: -Infinity, levelAt: -Infinity },
    };
    this.partitions.set(key, state);
    this.pauses.delete(key);
    if (recordedAt !== undefined) state.recordedAt = Date.parse(recordedAt);
    if (checkpoint.nextOffset !== state.checkpoint.nextOffset) state.progressAt = now;
    state.checkpoint = checkpoint;
    if (state.end !== undefined) this.reached(state, state.end);
    this.changes += 1;
  }

  ends(own: Partition, end: bigint): void {
    const state = this.partitions.get(partitionKey(own));
    if (!state) return;
    if (state.end !== end) this.changes += 1;
    state.end = end;
    state.endSeenAt = performance.now();
    this.reached(state, end);
  }

  private reached(state: PartitionState, end: bigint): void {
    const isAtEnd = state.checkpoint.nextOffset >= end;
    if (!isAtEnd) return;
    state.progressAt = state.caughtUpAt = performance.now();
    state.levelAt = state.endSeenAt;
  }

  paused(own: Partition): void {
    this.partitions.delete(partitionKey(own));
    this.pauses.set(partitionKey(own), own.scope);
  }

  left(own: Partition): void {
    this.partitions.delete(partitionKey(own));
    this.pauses.delete(partitionKey(own));
    this.waits(own.scope, undefined);
  }

  /** The ends of the partitions that this process follows, as they were last seen. */
  seenEnds(): SeenEnd[] {
    const { subscription } = this;
    return [...this.partitions.values()].flatMap(({ scope, partition, end }) =>
      end === undefined ? [] : [{ subscription, scope, partition, end }],
    );
  }

  status(): SubscriptionStatus {
    const [stop] = this.stops;
    const [waitsFor = this.isConnected ? undefined : unconnected[this.source]] =
      this.waiting.values();
    return {
      ...{ subscription: this.subscription, kind: this.kind, source: this.source },
      state: stop ? 'stopped' : waitsFor === undefined ? 'running' : 'waiting',
      reason: stop ? `${stop[0]}: ${stop[1]}` : waitsFor,
      connected: this.isConnected,
      lastProgressAt: this.lastProgressAt(),
      partitions: [...this.partitions.values()].map(shown),
    };
  }

  /** The scope that has made no progress for longest decides, and in it the partition that has not. */
  private lastProgressAt(): Date | undefined {
    const times = this.scopes
      .filter((scope) => !this.stops.has(scope))
      .map((scope) => {
        const own = [...this.partitions.values()].filter((state) => state.scope === scope);
        if (own.length > 0) return Math.min(...own.map(({ progressAt }) => progressAt));
        const isPaused = [...this.pauses.values()].includes(scope);
        return isPaused ? performance.now() : this.idleAt.get(scope);
      });
    const known = times.filter((time) => time !== undefined);
    return known.length < times.length || known.length === 0
      ? undefined
      : timeOfDay(Math.min(...known));
  }
}

const shown = (state: PartitionState): PartitionStatus => {
  const { scope, partition, checkpoint, end } = state;
  const { nextOffset, position } = checkpoint;
  const ages = { lagSeconds: lagOf(state), unseenSeconds: unseenOf(state) };
  return { scope, partition, nextOffset, position, end, ...ages };
};

const lagOf = ({ checkpoint, end, recordedAt, caughtUpAt, openedAt }: PartitionState): number => {
  if (end !== undefined && checkpoint.nextOffset >= end) return 0;
  const ages = [
    ...(recordedAt === undefined ? [] : [ageMs(recordedAt)]),
    ...(caughtUpAt === undefined ? [] : [performance.now() - caughtUpAt]),
  ];
  const age = ages.length === 0 ? performance.now() - openedAt : Math.min(...ages);
  return Math.max(0, age / 1_000);
};

/** An event was recorded by another clock: it tells no more than when it was taken here. */
const unseenOf = ({ levelAt, recordedAt, progressAt }: PartitionState): number => {
  const now = performance.now();
  const byEvents =
    recordedAt === undefined ? Infinity : Math.max(ageMs(recordedAt), now - progressAt);
  return Math.min(now - levelAt, byEvents) / 1_000;
};

/**
 * What of a scope, or of one partition of it, was published earlier than so many seconds ago is handled by this process;
 * undefined where others follow it.
 */
export const unseenSeconds = (
  { partitions }: Pick<SubscriptionStatus, 'partitions'>,
  scope: string,
  partition: number | null = null,
): number | undefined => {
  const own = partitions.filter(
    (one) => one.scope === scope && (partition === null || one.partition === partition),
  );
  return own.length === 0 ? undefined : Math.max(...own.map((one) => one.unseenSeconds));
};

/** A batch may take its time, a rebalance too. */
const maxSilenceMs = 60_000;

/** What a subscription waits for that does not pass unless somebody makes room. */
export const diskFull = 'disk full';

/** Up while every scope makes progress: being connected alone is not health. Down at once on a full disk. */
export const subscriptionHealth = (status: SubscriptionStatus, now: Date): CheckResult => {
  const { lastProgressAt, connected, state, reason } = status;
  const silentMs = lastProgressAt ? now.getTime() - lastProgressAt.getTime() : Infinity;
  const isUp = state !== 'stopped' && reason !== diskFull && silentMs <= maxSilenceMs;
  return {
    status: isUp ? 'up' : 'down',
    state,
    connected,
    lastProgressAt: lastProgressAt?.toISOString() ?? null,
    ...(reason !== undefined && { reason }),
  };
};
