import { formatPosition } from '#event-log/position.js';
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

/** What a history is of. */
export interface HistoryContext {
  /** Of the thing: cursors are bound to it. */
  readonly name: string;
  readonly recordedTimes: RecordedTimes;
  /** What events hold as `raw`, unless given. */
  readonly sourceTexts?: SourceTexts | undefined;
}

/** A page of a thing's history. Throws a `Refusal` (`CURSOR_INVALID`), and what `recordedTimes` throws. */
export const historyPage = async (
  versions: readonly Version<object>[],
  { order, limit = defaultLimit, cursor }: HistoryPage,
  { name, recordedTimes, sourceTexts = ({ raw }) => raw as object | undefined }: HistoryContext,
): Promise<PageOf<HistoryItemResponse>> => {
  const bound = JSON.stringify(['history', name, order]);
  const after = cursor === undefined ? undefined : revisionIn(cursor, bound);
  const pairs = versions.map((version, index) => ({ version, before: versions[index - 1] }));
  const ordered = order === 'asc' ? pairs : pairs.reverse();
  const behind = ordered.filter(
    ({ version: { revision } }) =>
      after === undefined || (order === 'asc' ? revision > after : revision < after),
  );
  const shown = behind.slice(0, limit);
  const times = await recordedTimes(shown.map(({ version }) => version));
  const last = behind.length > limit ? shown.at(-1) : undefined;
  return {
    items: shown.map(({ version, before }, index) => ({
      ...metadataOf(version, times[index] ?? version.created),
      evidence: evidenceOf(version, sourceTexts),
      changes: differences(before?.state ?? null, version.state),
    })),
    nextCursor: last ? encodeCursor([String(last.version.revision)], bound) : null,
  };
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
