import { importStream } from '#event-log/import-mark.js';
import type { RawEvent } from '#event-log/raw-log.js';

/**
 * What of a log an archive holds. `events` are those of ordinary streams, links among them; `metadata` is what `$$<stream>`
 * says of an ordinary stream; a `tombstone` ends one for good. The other system streams belong to the store that has them.
 */
export type Part = 'events' | 'metadata' | 'tombstones';

/** Events after metadata: a window, an access list or a deletion that came late must not be met by what came before it. */
export const parts: readonly Part[] = ['events', 'metadata', 'tombstones'];

const tombstoneType = '$streamDeleted';
export const tombstoneRevision = 2n ** 63n - 1n;

/** Stands in for an event that a former store removed, so that those behind it keep their revisions. */
export const removedType = '$removedBefore';

type Named = Pick<RawEvent, 'stream' | 'type' | 'revision'>;

/** Which part of an archive the event belongs to; undefined for what no archive holds. */
export const partOf = ({ stream, type, revision }: Named): Part | undefined => {
  const isMetadata = stream.startsWith('$$');
  const named = isMetadata ? stream.slice(2) : stream;
  if (named === '' || named.startsWith('$') || named === importStream) return undefined;
  if (type === removedType) return undefined;
  if (isMetadata) return 'metadata';
  const isTombstone = type === tombstoneType && revision === tombstoneRevision;
  return isTombstone ? 'tombstones' : 'events';
};
