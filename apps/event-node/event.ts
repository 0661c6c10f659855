/** An event as a client proposes it. `id` is a lower-case UUID. */
export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly isJson: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** An event as it is stored. */
export interface RecordedEvent extends ProposedEvent {
  /** Place in `$all`; commit and prepare position are the same. */
  readonly position: bigint;
  readonly stream: string;
  readonly revision: bigint;
  /** When it was written, in ticks of 100 ns since the Unix epoch. */
  readonly created: bigint;
}

/** The revision that a writer expects the stream to be at. */
export type Expected = bigint | 'any' | 'no_stream' | 'stream_exists';

/** Largest 64-bit signed integer: revision of a tombstone, and `$tb` of a deleted stream. */
export const MAX_REVISION = 9_223_372_036_854_775_807n;

export const METADATA_TYPE = '$metadata';
export const TOMBSTONE_TYPE = '$streamDeleted';
export const LINK_TYPE = '$>';

const METADATA_PREFIX = '$$';

export const isMetastream = (stream: string): boolean => stream.startsWith(METADATA_PREFIX);

export const metastreamOf = (stream: string): string => METADATA_PREFIX + stream;

/** The stream that `stream` describes, or `stream` itself when it describes none. */
export const baseOf = (stream: string): string =>
  isMetastream(stream) ? stream.slice(METADATA_PREFIX.length) : stream;

export const TICKS_PER_MILLISECOND = 10_000;

export const ticksOfMilliseconds = (milliseconds: number): bigint =>
  BigInt(Math.floor(milliseconds)) * BigInt(TICKS_PER_MILLISECOND);
