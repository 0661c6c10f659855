import type { Expected } from './event.js';

/** What the rules need to know of the stream that is written to. */
export interface StreamView {
  /** Revision of the last event, -1 when none was ever written. */
  readonly revision: bigint;
  readonly deletion: 'none' | 'soft' | 'tombstone';
  /** Metadata alone makes a stream exist. */
  readonly hasMetadata: boolean;
}

/** Which ids the stream holds, as far as it is known in memory. */
export interface KnownIds {
  /** Id of the stored event at a revision, undefined when it must be read first. */
  at(revision: bigint): string | undefined;
  /** Revision at which this stream holds a recently written id. Best effort. */
  recent(id: string): bigint | undefined;
}

export type Decision =
  /** Write the events from revision + 1 on. */
  | { readonly kind: 'append' }
  /** The events are there already; the last of them at `last`. */
  | { readonly kind: 'repeated'; readonly last: bigint }
  | { readonly kind: 'wrong-version' }
  | { readonly kind: 'deleted' }
  /** Decide again when the ids at `first` and the `count - 1` revisions after it are known. */
  | { readonly kind: 'ids-needed'; readonly first: bigint; readonly count: number };

const append = { kind: 'append' } as const;
const wrong = { kind: 'wrong-version' } as const;
const deleted = { kind: 'deleted' } as const;

/**
 * Decides an append of events with these `ids` by the expected revision.
 *
 * A repeated append is recognised by comparing ids beyond the expected revision, so that a writer
 * which did not hear the answer can ask again. Without an explicit revision that is best effort.
 */
export const decideAppend = (
  stream: StreamView,
  expected: Expected,
  ids: readonly string[],
  known: KnownIds,
): Decision => {
  if (stream.deletion === 'tombstone') return deleted;
  switch (expected) {
    case 'any':
      return unconditional(ids, known);
    case 'stream_exists':
      if (stream.deletion === 'soft') return deleted;
      if (stream.revision < 0n && !stream.hasMetadata) return wrong;
      return unconditional(ids, known);
    case 'no_stream':
      return explicit(stream, -1n, ids, known);
    default:
      return explicit(stream, expected, ids, known);
  }
};

const unconditional = (ids: readonly string[], known: KnownIds): Decision => {
  const [first] = ids;
  if (first === undefined || known.recent(first) === undefined) return append;
  let last = -1n;
  for (const id of ids) {
    const revision = known.recent(id);
    if (revision === undefined) return wrong;
    last = revision;
  }
  return { kind: 'repeated', last };
};

const explicit = (
  stream: StreamView,
  expected: bigint,
  ids: readonly string[],
  known: KnownIds,
): Decision => {
  if (expected > stream.revision) return wrong;
  if (expected === stream.revision) return append;
  for (const [index, id] of ids.entries()) {
    const revision = expected + 1n + BigInt(index);
    if (revision > stream.revision) return wrong;
    const stored = known.at(revision);
    if (stored === undefined)
      return { kind: 'ids-needed', first: revision, count: ids.length - index };
    if (stored !== id) return startsAnew(stream, expected, index) ? append : wrong;
  }
  return ids.length === 0 ? wrong : { kind: 'repeated', last: expected + BigInt(ids.length) };
};

/** A deleted stream may be written as if it had never been, its numbering going on. */
const startsAnew = (stream: StreamView, expected: bigint, index: number): boolean =>
  index === 0 && expected === -1n && stream.deletion === 'soft';
