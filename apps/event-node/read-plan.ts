import streams from '@eventstore/db-client/generated/streams_pb.js';

import { streamName } from './decode.js';
import { MAX_REVISION } from './event.js';
import { IncompleteRequest, invalidArgument } from './failure.js';
import { type EventFilter, eventFilter } from './filters.js';

type Options = streams.ReadReq.Options;
const { BACKWARDS } = streams.ReadReq.Options.ReadDirection;

interface Common {
  readonly resolveLinks: boolean;
  /** Event ids as two numbers instead of as text. */
  readonly structuredIds: boolean;
}

interface Slice extends Common {
  readonly backwards: boolean;
  readonly limit: number;
}

/** In a stream: `start` and `end` as said, or a revision, inclusive for reads, exclusive for subscriptions. */
export type From = bigint | 'start' | 'end';

/** In `$all`: a position names an event, which the read begins with or behind. */
export type FromInAll =
  { readonly position: bigint; readonly including: boolean } | 'start' | 'end';

export type ReadPlan =
  | (Slice & {
      readonly kind: 'stream';
      readonly stream: string;
      readonly from: From;
      /** Whether the reader gets the first and the last position as messages of their own. */
      readonly positions: boolean;
    })
  | (Slice & { readonly kind: 'all'; readonly from: FromInAll; readonly filter?: EventFilter })
  | (Common & { readonly kind: 'stream-live'; readonly stream: string; readonly from: From })
  | (Common & {
      readonly kind: 'all-live';
      readonly from: FromInAll;
      readonly filter?: EventFilter;
    });

/** Reads a request; throws INVALID_ARGUMENT for a combination that has no meaning. */
export const readPlan = (options: Options | undefined, asServer: boolean): ReadPlan => {
  if (options === undefined) throw new IncompleteRequest('The options of the read are missing.');
  const uuids = options.getUuidOption();
  if (uuids === undefined) {
    throw new IncompleteRequest('The UUID option of the read is missing.', 'silence');
  }
  const common = { resolveLinks: options.getResolveLinks(), structuredIds: uuids.hasStructured() };
  const backwards = options.getReadDirection() === BACKWARDS;
  const live = options.hasSubscription();
  if (live && backwards) throw invalidCombination('a subscription', 'backwards');
  if (!live && !options.hasCount()) throw invalidArgument('The count of the read is missing.');
  const slice = { ...common, backwards, limit: limitOf(options.getCount()) };
  if (options.hasStream()) {
    if (options.hasFilter()) throw invalidCombination('a stream', 'a filter');
    const place = placeInStream(options.getStream());
    if (live) return { kind: 'stream-live', ...common, ...place };
    const positions = (options.getControlOption()?.getCompatibility() ?? 0) >= 1;
    return { kind: 'stream', ...slice, ...place, positions };
  }
  if (!options.hasAll()) {
    throw new IncompleteRequest('The read names neither a stream nor everything.');
  }
  const from = placeInAll(options.getAll(), (commit, prepare) =>
    live ? prepare < commit : !backwards && prepare <= commit,
  );
  const filter = options.getFilter();
  const filtered = filter === undefined ? {} : { filter: eventFilter(filter, asServer) };
  return live
    ? { kind: 'all-live', ...common, from, ...filtered }
    : { kind: 'all', ...slice, from, ...filtered };
};

const invalidCombination = (one: string, other: string) =>
  invalidArgument(`The combination of ${one} and ${other} is invalid.`);

const limitOf = (count: string): number => Math.min(Number(count), Number.MAX_SAFE_INTEGER);

const bounded = (value: bigint): bigint => (value > MAX_REVISION ? MAX_REVISION : value);

const placeInStream = (
  options: streams.ReadReq.Options.StreamOptions | undefined,
): { stream: string; from: From } => {
  const stream = streamName(options?.getStreamIdentifier()?.getStreamName_asU8());
  if (options?.hasStart() === true) return { stream, from: 'start' };
  if (options?.hasEnd() === true) return { stream, from: 'end' };
  if (options?.hasRevision() === true) {
    return { stream, from: bounded(BigInt(options.getRevision())) };
  }
  throw invalidArgument('The revision to read from is missing.');
};

/**
 * Events lie at (p, p). A read forwards begins with that event, a subscription behind it, and a read
 * backwards before it; a pair with another prepare position stands before or behind the event.
 */
const placeInAll = (
  options: streams.ReadReq.Options.AllOptions | undefined,
  includes: (commit: bigint, prepare: bigint) => boolean,
): FromInAll => {
  if (options?.hasStart() === true) return 'start';
  if (options?.hasEnd() === true) return 'end';
  const position = options?.getPosition();
  if (position === undefined) throw invalidArgument('The position to read from is missing.');
  const commit = bounded(BigInt(position.getCommitPosition()));
  const prepare = bounded(BigInt(position.getPreparePosition()));
  return { position: commit, including: includes(commit, prepare) };
};
