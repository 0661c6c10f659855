import type { EventLog, Position, StoredEvent } from '#event-log/event-log.js';
import type { Anchor } from '#event-log/log-check.js';
import type { Lease } from '#read-store/lease.js';
import type { ReadStore, StoreLogger } from '#read-store/read-store.js';

/** What has a checkpoint of its own: a partition of a topic; on the log partition 0 of each scope. */
export interface Partition {
  /** A build of a projection, a topic, or `log`. Parked events hold back later ones of their key in it. */
  readonly scope: string;
  readonly partition: number;
}

export const partitionKey = ({ scope, partition }: Partition): string =>
  `${scope}/${String(partition)}`;

/** Names the lease of whoever follows a scope of a subscription on the log. */
export const scopeLease = (subscription: string, scope: string): string =>
  `${subscription}/${scope}`;

/** How far a partition was handled. */
export interface Checkpoint {
  /** Kafka: the offset to read next. Log: the commit position through which it was read. */
  readonly nextOffset: bigint;
  /** No event at or before it is handled again. */
  readonly position: Position | undefined;
  /** Kafka: the offset of the record at `position`; absent before the first. */
  readonly recordOffset: bigint | undefined;
  /** Log: the last event that was passed, by which the log is recognised. */
  readonly anchor?: Anchor | undefined;
}

/** A record of a source that is no event of ours. */
export class Undecodable {
  constructor(readonly reason: string) {}
}

/** The bytes of a record, as far as they cannot be read from the log again. */
export interface StoredRecord {
  readonly key: string;
  readonly value: Buffer;
  readonly headers: object;
}

/** An event as a source delivers it. */
export interface Item<T> {
  readonly id: string;
  /** Events of one key, their stream, are handled in their order. */
  readonly key: string;
  /** Null where it is undecodable, as is `revision`. */
  readonly type: string | null;
  readonly revision: bigint | null;
  readonly position: Position | undefined;
  readonly offset: bigint;
  /** The `nextOffset` of a checkpoint behind it. */
  readonly nextOffset: bigint;
  /** ISO 8601 UTC. */
  readonly recordedAt: string | undefined;
  readonly payload: T | Undecodable;
  /** Absent where the log has it. */
  readonly record?: () => StoredRecord;
}

/** What lies next in a partition. */
export interface Delivery<T> extends Partition {
  /** The `nextOffset` of the checkpoint that it was read from: nothing between that and it is left out. */
  readonly from: bigint;
  /** Ascending; empty where there is nothing but something to pass. */
  readonly items: readonly Item<T>[];
  /** How many events or records that is, those included that the follower passes over. */
  readonly count: number;
  /** The checkpoint behind all of it. `position` absent: that of the last item. */
  readonly through: {
    readonly nextOffset: bigint;
    readonly position?: Position;
    readonly anchor?: Anchor | undefined;
    readonly recordedAt?: string;
  };
  /** The end of the partition as it was seen, in the unit of `nextOffset`. */
  readonly end?: bigint;
}

/** Whoever takes what a source delivers: the runner. */
export interface Sink<T> {
  /** Raised when the checkpoints were moved from outside: a source has to open them anew. */
  readonly moves: number;
  /**
   * The checkpoint of a partition, acquired for this process. Undefined where there is nothing to follow
   * now: paused, stopped or gone. Waits for the store as long as it takes; rejects when `signal` aborts.
   */
  open(partition: Partition, signal: AbortSignal): Promise<Checkpoint | undefined>;
  /**
   * Handles what was delivered, waiting for the store as long as it takes. Resolves with the checkpoint
   * then: behind the delivery, or elsewhere when another process moved it or `signal` aborted.
   * Undefined: as `open`.
   */
  take(delivery: Delivery<T>, signal: AbortSignal): Promise<Checkpoint | undefined>;
  /** Nothing more lies in the partition for now: what readers wait for is written down, if it was not yet. */
  rest(partition: Partition): Promise<void>;
  /** Whether a reader waits for what lies behind `offset`. */
  isAwaited(offset: bigint): boolean;
  /** This process reads the partition no longer. */
  release(partition: Partition): Promise<void>;
  /** The end of a partition, as it was just seen. */
  ends(partition: Partition, end: bigint): void;
}

/** The state of a source; shown in the subscription's status. */
export interface SourceStatus {
  connected(connected: boolean): void;
  /** Waits for something that passes; undefined: no longer. */
  waits(scope: string, reason: string | undefined): void;
  /** Needs an operator. Undefined: no longer. */
  stopped(scope: string, reason: string | undefined): void;
  /** It works and knows that there is nothing to do for this process. */
  idle(scope: string): void;
}

/** A scope that has to be followed now. */
export interface Scope {
  readonly name: string;
  /** building: read from the start, beside what is in use. */
  readonly state: 'building' | 'running';
}

export interface SourceContext<T> {
  /** The subscription's name. */
  readonly subscription: string;
  /** What has to be followed now. Rejects with the store's faults. */
  scopes(this: void): Promise<readonly Scope[]>;
  readonly sink: Sink<T>;
  readonly status: SourceStatus;
  readonly store: ReadStore;
  readonly log: EventLog;
  /** Decides which of several processes does what only one has to. */
  readonly lease: Lease;
  readonly logger: StoreLogger;
  /** What an operator does where the log was replaced and the new one is right. */
  readonly cure: string;
  /** As `Follower.read`. */
  read(this: void, event: StoredEvent, scope: string): T | undefined;
  /** As `Follower.level`. */
  level(this: void, scope: Scope, catchUp: CatchUp): Promise<void>;
}

/** Reads and applies on until a position is reached. */
export type CatchUp = (to: Position) => Promise<void>;

/** Delivers events to a subscription. One per subscription. */
export interface Source<T> {
  readonly name: 'log' | 'kafka';
  /**
   * Delivers what there is until `signal` aborts, then resolves when nothing is in hand any more. Waits
   * for whatever passes; rejects where only a new process helps.
   */
  run(context: SourceContext<T>, signal: AbortSignal): Promise<void>;
}
