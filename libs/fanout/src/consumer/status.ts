import type { Position } from '#event-log/event-log.js';
import type { CheckResult } from '#observability/health.js';

import type { Partition } from '../transport/transport.js';

export interface PartitionStatus extends Partition {
  readonly nextOffset: bigint;
  readonly position: Position | undefined;
  /** As it was last seen, in the unit of `nextOffset`. */
  readonly end: bigint | undefined;
  /** 0 at the end; else the time since it was last there, or since the last fact was recorded. */
  readonly lagSeconds: number;
}

/** How a consumer stands in this process. */
export interface ConsumerStatus {
  readonly consumer: string;
  readonly transport: 'kafka' | 'log';
  /** waiting: for something that passes. stopped: a topic needs an operator. */
  readonly state: 'running' | 'waiting' | 'stopped';
  /** Why it waits or is stopped. */
  readonly reason: string | undefined;
  readonly connected: boolean;
  /** When each of its partitions had last moved, or was known to be at its end. */
  readonly lastProgressAt: Date | undefined;
  /** Those that this process reads. */
  readonly partitions: readonly PartitionStatus[];
  readonly stopped: readonly { readonly topic: string; readonly reason: string }[];
}

/** A batch may take its time, a rebalance too. */
const maxSilenceMs = 60_000;

/** Up while every topic goes on: being connected alone is not health. */
export const consumerHealth = (status: ConsumerStatus, now: Date): CheckResult => {
  const { lastProgressAt, stopped, connected, state, reason } = status;
  const silentMs = lastProgressAt ? now.getTime() - lastProgressAt.getTime() : Infinity;
  const isUp = stopped.length === 0 && silentMs <= maxSilenceMs;
  return {
    status: isUp ? 'up' : 'down',
    state,
    connected,
    lastProgressAt: lastProgressAt?.toISOString() ?? null,
    ...(reason !== undefined && { reason }),
  };
};
