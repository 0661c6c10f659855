import type { DomainEvent, EventMetadata } from '#kernel/event.js';

/** A place in `$all`. Opaque: compared, stored and sent back, never subtracted. */
export interface Position {
  readonly commit: bigint;
  readonly prepare: bigint;
}

/**
 * An event as it was stored, upcasts not yet applied. Its data and metadata may be parsed only when they
 * are looked at, so an event is never spread into another object.
 */
export interface StoredEvent {
  readonly id: string;
  readonly stream: string;
  readonly revision: bigint;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: EventMetadata;
  readonly position: Position;
  /** When the store wrote it; not monotonic where its clock is not. */
  readonly created: Date;
  /** Of data and metadata as stored, where they are known. */
  readonly bytes?: number;
}

export interface NewEvent extends DomainEvent {
  readonly id: string;
  readonly metadata: EventMetadata;
}

export type ExpectedRevision = bigint | 'no_stream';

export interface Appended {
  /** Revision of the last event of this append. */
  readonly revision: bigint;
  /** Position of the last event of this append. */
  readonly position: Position;
}

export interface ReadOptions {
  /** Inclusive; the beginning (or, backwards, the end) when absent. */
  readonly from?: bigint;
  readonly direction?: 'forwards' | 'backwards';
  readonly limit?: number;
}

export interface ReadAllOptions {
  /** Exclusive; the beginning (or, backwards, the end) when absent. */
  readonly after?: Position;
  readonly direction?: 'forwards' | 'backwards';
  /** Events considered, system events included. */
  readonly limit: number;
}

/** A page of `$all` without system events. `next` is where the page ended, absent when nothing was there. */
export interface Page {
  readonly events: readonly StoredEvent[];
  readonly next?: Position;
  /** The page stopped at the head of the log. */
  readonly atEnd: boolean;
}

export interface AllSubscription {
  /** Resolves when the subscription ended, with the error where there was one. Never rejects. */
  readonly ended: Promise<Error | undefined>;
  stop(): void;
}

/**
 * The event store, as the rest of Voltrace sees it.
 *
 * Every method rejects with `WrongExpectedRevision`, `OutcomeUnknown`, `StreamGone`, `AppendTooLarge`
 * or `LogUnavailable` and nothing else that a caller could handle.
 */
export interface EventLog {
  /**
   * Another number whenever the log that answers may be another one than before: when a connection
   * was lost, and when a subscription begins while none is open. What is kept of the log, checkpoints and cached states, has to be checked then.
   */
  readonly epoch: number;
  /** All or nothing. Zero events is a bug of the caller. */
  append(
    stream: string,
    events: readonly NewEvent[],
    expected: ExpectedRevision,
  ): Promise<Appended>;
  /** A missing stream is an empty one. Of a cluster the leader answers, since what is read decides. */
  readStream(stream: string, options?: ReadOptions): AsyncIterable<StoredEvent>;
  /** Of a cluster any node answers, also one that lags: what is missing there comes later. */
  readAll(options: ReadAllOptions): Promise<Page>;
  /** Delivers what lies after `after`, in order, without system events; waits for `onEvent` before the next. */
  subscribeToAll(
    after: Position | undefined,
    onEvent: (event: StoredEvent) => void | Promise<void>,
  ): AllSubscription;
  /** Id of the event (system events included) that lies exactly there, undefined where none does; of a cluster in the leader's log. */
  idAt(position: Position): Promise<string | undefined>;
  /** Position of the newest event (system events included), absent while the log is empty; of a cluster the leader's. */
  head(): Promise<Position | undefined>;
  close(): Promise<void>;
}

/** The stream is not at the revision that the append named. */
export class WrongExpectedRevision extends Error {
  override readonly name = 'WrongExpectedRevision';
  constructor(
    readonly stream: string,
    readonly expected: ExpectedRevision,
    readonly actual: bigint | 'no_stream' | 'unknown',
  ) {
    super(`stream ${stream} is at ${String(actual)}, not at ${String(expected)}`);
  }
}

/** The append may or may not have been stored; repeating it with the same ids is safe. */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown';
}

/** The stream was deleted for good. */
export class StreamGone extends Error {
  override readonly name = 'StreamGone';
}

/** The append is larger than the store takes in one write. */
export class AppendTooLarge extends Error {
  override readonly name = 'AppendTooLarge';
}

/** The store does not answer, or says that it cannot. */
export class LogUnavailable extends Error {
  override readonly name: string = 'LogUnavailable';
  /** What an operator reads, in a log line or a status. */
  readonly reason: string = 'the event log does not answer';
}

/** EventStoreDB grants it in the access list of `$all` (`$acl`, roles of `$r`) or by the group `$admins`. */
export const accessDeniedReason =
  'the event store denies access: the user of EVENTSTORE_URL needs the right to read $all ($r in its access list, or the group $admins)';

/** The store refuses appends because its disk is full; it still answers reads. */
export class LogDiskFull extends LogUnavailable {}

/** The store does not know this process, or its access lists do not have it: only an operator can change that. */
export class LogAccessDenied extends LogUnavailable {
  override readonly name = 'LogAccessDenied';
  override readonly reason = accessDeniedReason;
}
