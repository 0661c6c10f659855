import type { EventLog, Position } from '#event-log/event-log.js';
import type { Anchor } from '#event-log/log-check.js';
import type { Lease } from '#read-store/lease.js';
import type { ReadStore, StoreLogger } from '#read-store/read-store.js';

import type { ReceivedRecord } from '../cloud-event.js';
import type { Fact } from '../fact.js';

/** One partition of one topic; the log is partition 0 of each. */
export interface Partition {
  readonly topic: string;
  readonly partition: number;
}

export const partitionKey = ({ topic, partition }: Partition): string =>
  `${topic}/${String(partition)}`;

/** Where a consumer stands in a partition, as its table says. */
export interface Place {
  /** Kafka: the offset to read next. Log: the commit position through which it was read. */
  readonly nextOffset: bigint;
  /** No fact at or before it is taken again. Kafka: of the last fact taken. Log: of the last event passed. */
  readonly position: Position | undefined;
  /** Kafka: the offset of the record of `position`; absent before the first fact. */
  readonly factOffset: bigint | undefined;
  /** Log: the last event that was passed, by which the log is known again. */
  readonly anchor?: Anchor | undefined;
}

/** A record as a transport brings it: a fact, or what is wrong with it. */
export interface Incoming {
  readonly offset: bigint;
  /** The `nextOffset` of a consumer that has taken it. */
  readonly nextOffset: bigint;
  readonly content: Fact | { readonly problem: string };
  /** As it goes to the dead letters. */
  record(this: void): ReceivedRecord;
}

/** What lies next in a partition. */
export interface Delivery extends Partition {
  /** The `nextOffset` of the place that it was read from: nothing between that and it is left out. */
  readonly from: bigint;
  /** Ascending; empty where there is nothing but something to pass. */
  readonly records: readonly Incoming[];
  /** Where the consumer stands when it has taken all of it. `position` absent: that of the last fact. */
  readonly through: {
    readonly nextOffset: bigint;
    readonly position?: Position;
    readonly anchor?: Anchor | undefined;
  };
  /** The end of the partition as it was seen, in the unit of `nextOffset`. */
  readonly end?: bigint;
}

/** Who takes what a transport brings: the runner. */
export interface Sink {
  /** Raised when the places were moved from outside: whoever reads on has to ask for them anew. */
  readonly moves: number;
  /** Where to read on. Waits for the store as long as it takes; rejects when `signal` aborts. */
  place(partition: Partition, signal: AbortSignal): Promise<Place>;
  /**
   * Handles what was brought, waiting for the store as long as it takes. Resolves with where the
   * consumer stands then: behind the delivery, or elsewhere when somebody else moved it or `signal`
   * aborted; then read on from there.
   */
  take(delivery: Delivery, signal: AbortSignal): Promise<Place>;
  /** The partition is read by this process no longer. */
  putDown(partition: Partition): Promise<void>;
  /** The end of a partition, as it was just seen. */
  ends(partition: Partition, end: bigint): void;
}

/** What a transport says of how it is; shown in the consumer's status. */
export interface TransportReport {
  connected(connected: boolean): void;
  /** Waits for something that passes; undefined: no longer. */
  waits(topic: string, reason: string | undefined): void;
  /** Needs an operator: nothing of the topic is taken until a reset. Undefined: no longer. */
  stopped(topic: string, reason: string | undefined): void;
  /** It works and knows that there is nothing to do for this process. */
  idle(topic: string): void;
}

export interface TransportContext {
  /** The consumer's name. */
  readonly consumer: string;
  readonly topics: readonly string[];
  readonly sink: Sink;
  readonly report: TransportReport;
  readonly store: ReadStore;
  /** Where facts come from, whichever way: one that is not there is none of ours. */
  readonly log: Pick<EventLog, 'readStream'>;
  /** Tells which of several processes does what only one should. */
  readonly lease: Lease;
  readonly logger: StoreLogger;
}

/** Brings published facts to a consumer. One per consumer. */
export interface Transport {
  readonly name: 'kafka' | 'log';
  /** Whether facts of this topic are published at all. */
  knows(topic: string): boolean;
  /**
   * Brings what there is until `signal` aborts, then resolves when nothing is in hand any more. Waits
   * out whatever passes; rejects where only a new process helps.
   */
  run(context: TransportContext, signal: AbortSignal): Promise<void>;
}
