import { formatPosition } from '#event-log/position.js';
import { decodeCursor, encodeCursor, type PageOf } from '#http/paging.js';
import type { Actor, Evidence, Source } from '#kernel/event.js';
import { type Change, differences } from '#product-registry/product/differences.js';

import type { Version } from './stream-folds.js';

/** One event of a thing, with what it changed. Times are ISO 8601 UTC. */
export interface HistoryItem {
  readonly revision: number;
  readonly position: string;
  /** The time from which as-of contains the event. */
  readonly recordedAt: string;
  readonly occurredAt: string;
  /** The stored event type. */
  readonly event: string;
  readonly actor: Actor;
  readonly source: Source;
  readonly reason: string | null;
  /** Where it was read, and the source's texts where they differ from what was recorded. */
  readonly evidence: (Partial<Evidence> & { readonly raw?: object }) | null;
  readonly changes: readonly Change[];
}

export interface HistoryPage {
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** Answers for each event the time from which as-of contains it. */
export type RecordedTimes = (
  events: readonly Pick<Version<object>, 'position' | 'created'>[],
) => Promise<readonly Date[]>;

/**
 * A page of a thing's history. `context` names the thing. Throws a `Refusal` (`CURSOR_INVALID`), and
 * what `recordedTimes` throws.
 */
export const historyPage = async (
  versions: readonly Version<object>[],
  { order, limit, cursor }: HistoryPage,
  context: string,
  recordedTimes: RecordedTimes,
): Promise<PageOf<HistoryItem>> => {
  const bound = JSON.stringify(['history', context, order]);
  const place = cursor === undefined ? undefined : revisionIn(cursor, bound);
  const indices = indicesBehind(versions, order, place).slice(0, limit);
  const last = versions[indices.at(-1) ?? -1];
  const end = order === 'asc' ? versions.at(-1) : versions[0];
  const shown = indices.flatMap((index) => versions[index] ?? []);
  const times = await recordedTimes(shown);
  return {
    items: shown.map((version, place) =>
      itemOf(version, versions[(indices[place] ?? 0) - 1], times[place] ?? version.created),
    ),
    nextCursor: last && last !== end ? encodeCursor([String(last.revision)], bound) : null,
  };
};

const indicesBehind = (
  versions: readonly Version<object>[],
  order: HistoryPage['order'],
  place: bigint | undefined,
): readonly number[] => {
  const indices = [...versions.keys()];
  const revisionOf = (index: number) => versions[index]?.revision ?? 0n;
  if (order === 'asc') {
    return place === undefined ? indices : indices.filter((index) => revisionOf(index) > place);
  }
  const before =
    place === undefined ? indices : indices.filter((index) => revisionOf(index) < place);
  return before.reverse();
};

const revisionIn = (cursor: string, context: string): bigint => {
  const [revision] = decodeCursor(cursor, context, ['bigint']);
  return BigInt(revision);
};

const itemOf = (
  version: Version<object>,
  before: Version<object> | undefined,
  recordedAt: Date,
): HistoryItem => {
  const { metadata } = version;
  return {
    revision: Number(version.revision),
    position: formatPosition(version.position),
    recordedAt: recordedAt.toISOString(),
    occurredAt: metadata.occurredAt,
    event: version.type,
    actor: metadata.actor,
    source: metadata.source,
    reason: metadata.reason ?? null,
    evidence: evidenceOf(version),
    changes: differences(before?.state ?? null, version.state),
  };
};

const evidenceOf = ({ metadata, data }: Version<object>): HistoryItem['evidence'] => {
  const raw = rawTexts(data);
  if (!metadata.evidence && !raw) return null;
  return { ...metadata.evidence, ...(raw && { raw }) };
};

/** The source's own texts that an event keeps: beside its facts, or element by element. */
const rawTexts = ({ raw, elements }: Version<object>['data']): object | undefined => {
  const ofElements = Object.entries((elements ?? {}) as Record<string, { raw?: string } | null>)
    .filter(([, element]) => element?.raw !== undefined)
    .map(([name, element]) => [name, element?.raw] as const);
  const texts = { ...(raw as object | undefined), ...Object.fromEntries(ofElements) };
  return Object.keys(texts).length > 0 ? texts : undefined;
};
