import { formatPosition } from '#event-log/position.js';
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

/** What a history is of. */
export interface HistoryContext {
  /** Of the thing: cursors are bound to it. */
  readonly name: string;
  readonly recordedTimes: RecordedTimes;
  /** What events hold as `raw`, unless given. */
  readonly sourceTexts?: SourceTexts | undefined;
  readonly known: KnownItems;
}

/** A page of a thing's history. Throws a `Refusal` (`CURSOR_INVALID`), and what `recordedTimes` throws. */
export const historyPage = async (
  versions: readonly Version<object>[],
  { order, limit = defaultLimit, cursor }: HistoryPage,
  context: HistoryContext,
): Promise<PageOf<HistoryItemResponse>> => {
  const bound = JSON.stringify(['history', context.name, order]);
  const after = cursor === undefined ? undefined : revisionIn(cursor, bound);
  const { from, to } = rangeOf(versions, order, after);
  const count = Math.min(to - from, limit);
  const shown = Array.from({ length: count }, (_, n) => (order === 'asc' ? from + n : to - 1 - n));
  const last = to - from > limit ? versions[shown.at(-1) ?? -1] : undefined;
  return {
    items: await itemsOf(versions, shown, context),
    nextCursor: last ? encodeCursor([String(last.revision)], bound) : null,
  };
};

/** Those that lie behind a revision, in that order: from an index, up to another. */
const rangeOf = (
  versions: readonly Version<object>[],
  order: HistoryPage['order'],
  after: bigint | undefined,
): { readonly from: number; readonly to: number } => {
  const { length } = versions;
  if (after === undefined) return { from: 0, to: length };
  const first = versions.findIndex(({ revision }) =>
    order === 'asc' ? revision > after : revision >= after,
  );
  const index = first < 0 ? length : first;
  return order === 'asc' ? { from: index, to: length } : { from: 0, to: index };
};

/** The items of the versions at these indexes. */
const itemsOf = async (
  versions: readonly Version<object>[],
  shown: readonly number[],
  { recordedTimes, sourceTexts = ({ raw }) => raw as object | undefined, known }: HistoryContext,
): Promise<HistoryItemResponse[]> => {
  const pairs = shown.flatMap((index) => {
    const version = versions[index];
    return version ? [{ version, before: versions[index - 1] }] : [];
  });
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
  return pairs.flatMap(({ version }) => known.get(version) ?? made.get(version) ?? []);
};

const revisionIn = (cursor: string, context: string): bigint =>
  BigInt(decodeCursor(cursor, context, ['bigint'])[0]);

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
