import { comparePositions, formatPosition } from '#event-log/position.js';
import { decodeCursor, encodeCursor, type PageOf } from '#http/paging.js';
import { differences } from '#kernel/differences.js';

import type { Version } from './folds.js';
import type { HistoryItemResponse } from './history-response.js';
import { defaultLimit } from './reading.js';

/** Answers for each event the time from which as-of contains it. */
export type RecordedTimes = (
  events: readonly Pick<Version<object>, 'position' | 'created'>[],
) => Promise<readonly Date[]>;

/** The source's own texts that an event keeps beside its facts. */
export type SourceTexts = (data: Version<object>['data']) => object | undefined;

export interface HistoryPage {
  readonly order: 'asc' | 'desc';
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** The events of one that is shown with a thing, such as of what was merged into it. */
export interface Kin {
  readonly id: string;
  readonly versions: readonly Version<object>[];
}

/** What a history is of. */
export interface HistoryContext {
  /** Of the thing: cursors are bound to it. */
  readonly name: string;
  readonly recordedTimes: RecordedTimes;
  /** What events hold as `raw`, unless given. */
  readonly sourceTexts?: SourceTexts | undefined;
}

interface Pair {
  readonly version: Version<object>;
  readonly before: Version<object> | undefined;
  /** Of whom it is, where not of the thing itself. */
  readonly of?: string;
}

/**
 * A page of a thing's history, with that of its kin in the order of the log. Throws a `Refusal`
 * (`CURSOR_INVALID`), and what `recordedTimes` throws.
 */
export const historyPage = async (
  versions: readonly Version<object>[],
  { order, limit = defaultLimit, cursor }: HistoryPage,
  { name, recordedTimes, sourceTexts = ({ raw }) => raw as object | undefined }: HistoryContext,
  kin?: readonly Kin[],
): Promise<PageOf<HistoryItemResponse>> => {
  const bound = JSON.stringify(['history', name, order]);
  const place = kin ? inLog : inStream;
  const after = cursor === undefined ? undefined : place.read(cursor, bound);
  const pairs = pairsOf(versions, kin ?? []);
  const ordered = order === 'asc' ? pairs : pairs.toReversed();
  const behind = ordered.filter(({ version }) => {
    if (after === undefined) return true;
    const compared = place.compare(version, after);
    return order === 'asc' ? compared > 0 : compared < 0;
  });
  const shown = behind.slice(0, limit);
  const times = await recordedTimes(shown.map(({ version }) => version));
  const last = behind.length > limit ? shown.at(-1) : undefined;
  return {
    items: shown.map(({ version, before, of }, index) => ({
      ...(of !== undefined && { of }),
      ...metadataOf(version, times[index] ?? version.created),
      evidence: evidenceOf(version, sourceTexts),
      changes: differences(before?.state ?? null, version.state),
    })),
    nextCursor: last ? encodeCursor(place.of(last.version), bound) : null,
  };
};

const pairsOf = (versions: readonly Version<object>[], kin: readonly Kin[]): readonly Pair[] => {
  const own = versions.map((version, index) => ({ version, before: versions[index - 1] }));
  if (kin.length === 0) return own;
  const others = kin.flatMap(({ id, versions: theirs }) =>
    theirs.map((version, index) => ({ version, before: theirs[index - 1], of: id })),
  );
  return [...own, ...others].sort((a, b) => comparePlaces(a.version, b.version));
};

type Place = Pick<Version<object>, 'position' | 'revision'>;

const comparePlaces = (a: Place, b: Place): number =>
  comparePositions(a.position, b.position) || Number(a.revision - b.revision);

/** Where a page ends, as its cursor holds it. */
interface Places {
  of(version: Place): readonly string[];
  read(cursor: string, context: string): Place;
  compare(a: Place, b: Place): number;
}

const nowhere = { commit: 0n, prepare: 0n };

const inStream: Places = {
  of: ({ revision }) => [String(revision)],
  read: (cursor, context) => ({
    position: nowhere,
    revision: BigInt(decodeCursor(cursor, context, ['bigint'])[0]),
  }),
  compare: (a, b) => Number(a.revision - b.revision),
};

const inLog: Places = {
  of: ({ position, revision }) => [position.commit, position.prepare, revision].map(String),
  read: (cursor, context) => {
    const [commit, prepare, revision] = decodeCursor(cursor, context, [
      ...(['bigint', 'bigint', 'bigint'] as const),
    ]).map(BigInt);
    return { position: { commit: commit ?? 0n, prepare: prepare ?? 0n }, revision: revision ?? 0n };
  },
  compare: comparePlaces,
};

const metadataOf = (
  { revision, position, type, metadata }: Version<object>,
  recordedAt: Date,
): Omit<HistoryItemResponse, 'evidence' | 'changes'> => ({
  revision: Number(revision),
  position: formatPosition(position),
  recordedAt: recordedAt.toISOString(),
  occurredAt: metadata.occurredAt,
  event: type,
  actor: { ...metadata.actor },
  source: metadata.source,
  reason: metadata.reason ?? null,
});

const evidenceOf = (
  { metadata: { evidence }, data }: Version<object>,
  sourceTexts: SourceTexts,
): HistoryItemResponse['evidence'] => {
  const raw = sourceTexts(data);
  return evidence || raw ? { ...evidence, ...(raw && { raw }) } : null;
};
