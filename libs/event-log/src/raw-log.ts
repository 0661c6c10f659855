import type { Appended, EventLog, ExpectedRevision, Position } from './event-log.js';

/** An event to append whose data and metadata are bytes already. */
export interface NewRawEvent {
  readonly id: string;
  readonly type: string;
  readonly isJson: boolean;
  readonly data: Buffer;
  readonly metadata: Buffer;
}

/** An event as it was recorded, by this store or the one that it was carried over from. */
export interface RawEvent extends NewRawEvent {
  readonly stream: string;
  readonly revision: bigint;
  readonly position: Position;
  /** When it was recorded, in ticks of 100 ns since 1970, as a decimal number. */
  readonly created: string;
}

/** Appends that the store decides in the order in which they are made. */
export interface OrderedAppends {
  /** After one whose outcome is unknown, none is made any more. Rejects as `EventLog.append`. */
  append(
    stream: string,
    events: readonly NewRawEvent[],
    expected: ExpectedRevision,
  ): Promise<unknown>;
  close(): void;
}

/** The log to the byte, for who carries it from one store to another. Throws what `EventLog` throws. */
export interface RawLog extends Pick<EventLog, 'readStream' | 'idAt' | 'head'> {
  /**
   * What lies after a position up to the end as it is when it is reached, with system events and links, which are not
   * followed. Of a cluster the leader answers. No more is in memory than the reader has not taken.
   */
  readRaw(after?: Position): AsyncIterable<RawEvent>;
  append(
    stream: string,
    events: readonly NewRawEvent[],
    expected: ExpectedRevision,
  ): Promise<Appended>;
  /** For many appends at once, which must not overtake each other. */
  inOrder(): OrderedAppends;
  /** Ends a stream for good; one that is ended stays so. */
  tombstone(stream: string): Promise<void>;
}
