import { comparePositions, formatPosition } from '#event-log/position.js';
import { decodeCursor, encodeCursor, type PageOf } from '#http/paging.js';
import { differences } from '#kernel/differences.js';

import type { Version } from './folds.js';
import type { HistoryItemResponse } from './history-response.js';
import { defaultLimit } from './reading.js';

/** Answers for each event the time from which as-of contains it; undefined while nobody knows it. */
export type RecordedTimes = (
  events: readonly Pick<Version<object>, 'position' | 'created'>[],
) => Promise<readonly (Date | undefined)[]>;

/** The source's own texts that an event keeps beside its facts. */
export type SourceTexts = (data: Version<object>['data']) => object | undefined;

export interface HistoryPage {
  readonly order: 'asc' | 'desc';
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** Items that were made, by their versions: what an event changed, and when, never changes. */
export type KnownItems = WeakMap<Version<object>, HistoryItemResponse>;

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
  readonly known: KnownItems;
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
  context: HistoryContext,
  kin?: readonly Kin[],
): Promise<PageOf<HistoryItemResponse>> => {
  const bound = JSON.stringify(['history', context.name, order]);
  const place = kin ? inLog : inStream;
  const after = cursor === undefined ? undefined : place.read(cursor, bound);
  const line = lineOf(versions, kin ?? []);
  const { from, to } = rangeOf(line, order, after && ((one) => place.compare(one, after)));
  const count = Math.min(to - from, limit);
  const shown = Array.from({ length: count }, (_, n) =>
    line.at(order === 'asc' ? from + n : to - 1 - n),
  ).filter((pair) => pair !== undefined);
  const last = to - from > limit ? shown.at(-1)?.version : undefined;
  return {
    items: await itemsOf(shown, context),
    nextCursor: last ? encodeCursor(place.of(last), bound) : null,
  };
};

/** Versions in the order of a history, each with the one before it in its own stream. */
interface Line {
  readonly length: number;
  at(index: number): Pair | undefined;
}

const lineOf = (versions: readonly Version<object>[], kin: readonly Kin[]): Line => {
  const pairAt =
    (stream: readonly Version<object>[], of?: string) =>
    (index: number): Pair | undefined => {
      const version = stream[index];
      return version && { version, before: stream[index - 1], ...(of !== undefined && { of }) };
    };
  if (kin.length === 0) return { length: versions.length, at: pairAt(versions) };
  const pairsOf = (stream: readonly Version<object>[], of?: string): readonly Pair[] =>
    stream.map((_, index) => pairAt(stream, of)(index)).filter((pair) => pair !== undefined);
  return [...pairsOf(versions), ...kin.flatMap((one) => pairsOf(one.versions, one.id))].sort(
    (a, b) => comparePlaces(a.version, b.version),
  );
};

/** Those that lie behind a place, in that order: from an index, up to another. */
const rangeOf = (
  line: Line,
  order: HistoryPage['order'],
  compare: ((version: Version<object>) => number) | undefined,
): { readonly from: number; readonly to: number } => {
  const { length } = line;
  if (!compare) return { from: 0, to: length };
  const isBehind = (index: number): boolean => {
    const pair = line.at(index);
    const compared = pair ? compare(pair.version) : 1;
    return order === 'asc' ? compared > 0 : compared >= 0;
  };
  let index = 0;
  while (index < length && !isBehind(index)) index += 1;
  return order === 'asc' ? { from: index, to: length } : { from: 0, to: index };
};

const itemsOf = async (
  pairs: readonly Pair[],
  { recordedTimes, sourceTexts = ({ raw }) => raw as object | undefined, known }: HistoryContext,
): Promise<HistoryItemResponse[]> => {
  const news = pairs.filter(({ version }) => !known.has(version));
  const times = news.length > 0 ? await recordedTimes(news.map(({ version }) => version)) : [];
  const made = new Map<Version<object>, HistoryItemResponse>();
  for (const [index, { version, before }] of news.entries()) {
    const time = times[index];
    const item = {
      ...metadataOf(version, time ?? version.created),
      evidence: evidenceOf(version, sourceTexts),
      changes: differences(before?.state ?? null, version.state),
    };
    made.set(version, item);
    if (time) known.set(version, item);
  }
  return pairs.flatMap(({ version, of }) => {
    const item = known.get(version) ?? made.get(version);
    if (!item) return [];
    return of === undefined ? item : Object.assign({ of }, item);
  });
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
