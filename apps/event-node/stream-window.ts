import { wallNow } from '#kernel/wall-clock.js';

import { baseOf, isMetastream, MAX_REVISION, ticksOfMilliseconds } from './event.js';
import { streamDeleted } from './failure.js';
import { firstVisible } from './metadata.js';
import type { StreamState } from './stream-state.js';

/** The part of a stream that its metadata lets a reader see now. */
export interface StreamWindow {
  /** Both inclusive; `first` may be greater than `last`. */
  readonly first: bigint;
  readonly last: bigint;
  /** Older events are hidden; in ticks. */
  readonly createdFrom: bigint;
}

/**
 * The visible part of `stream`, or undefined when nobody wrote it since it was deleted, if ever.
 * Throws `stream-deleted` when it was deleted for good.
 */
export const streamWindow = (stream: string, state: StreamState): StreamWindow | undefined => {
  if (state.tombstoned) throw streamDeleted(baseOf(stream));
  if (isMetastream(stream)) {
    const { revision } = state.metaEvents;
    return revision < 0n ? undefined : { first: revision, last: revision, createdFrom: 0n };
  }
  const { revision } = state.events;
  if (revision < 0n || state.metadata.truncateBefore === MAX_REVISION) return undefined;
  const { maxAgeSeconds } = state.metadata;
  const createdFrom =
    maxAgeSeconds === undefined ? 0n : ticksOfMilliseconds(wallNow() - maxAgeSeconds * 1000);
  return { first: firstVisible(state.metadata, revision), last: revision, createdFrom };
};
