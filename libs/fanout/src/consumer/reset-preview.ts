import type { EventLog, Position } from '#event-log/event-log.js';
import { parsePosition } from '#event-log/position.js';
import { columnsOf } from '#read-store/builds.js';
import type { ReadStore } from '#read-store/read-store.js';

import type { Publication } from '../fact.js';
import { countFacts } from './admin.js';
import { consumerStatus } from './consumer-statuses.js';
import { comesAgain } from './dead-letters.js';
import { assertResetsTo, type KnownConsumers } from './known-consumers.js';
import { assertPlace } from './reset-place.js';

/** What a reset would do. */
export interface ResetPreview {
  readonly consumer: string;
  /** `start`, or a position. */
  readonly to: string;
  /** So many facts would be delivered again. */
  readonly facts: number;
  /** Dead letters that would be gone: what they hold is delivered again. */
  readonly deadLetters: number;
  /** What is undone, for people. Null: nothing, or this version of the code does not know the consumer. */
  readonly forgets: string | null;
}

export interface PreviewContext {
  readonly store: ReadStore;
  readonly log: Pick<EventLog, 'readAll' | 'head' | 'idAt'>;
  readonly publication: Publication;
  readonly known: KnownConsumers;
}

/**
 * What a reset to `to` (`start`, or a position) would do. Reads the log to its end.
 *
 * Throws a `Refusal`: `CONSUMER_NOT_FOUND`, `RESET_FROM_START_ONLY`, `POSITION_AHEAD`, `POSITION_INVALID`.
 */
export const previewReset = async (
  { store, log, publication, known }: PreviewContext,
  consumer: string,
  to: string,
): Promise<ResetPreview> => {
  const status = await consumerStatus(store, consumer);
  const about = known.find(consumer);
  if (about) assertResetsTo(about, to);
  if (to !== 'start') await assertPlace(log, to, '?to');
  const topics = about?.topics ?? status.partitions.map(({ topic }) => topic);
  const after = to === 'start' ? undefined : parsePosition(to);
  return {
    consumer,
    to,
    facts: await countFacts(log, publication, topics, after),
    deadLetters: await deadLettersAfter(store, consumer, after),
    forgets: about?.forgets ?? null,
  };
};

const deadLettersAfter = async (
  { pool }: ReadStore,
  consumer: string,
  after: Position | undefined,
): Promise<number> => {
  const { rows } = await pool.query<{ count: number }>(
    `select count(*)::int as count from fanout.dead_letter where ${comesAgain}`,
    [consumer, ...columnsOf(after)],
  );
  return rows[0]?.count ?? 0;
};
