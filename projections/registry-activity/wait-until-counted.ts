import { setTimeout as sleep } from 'node:timers/promises';

import type { Position } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';
import { queryInvalid } from '#http/query-params.js';
import { Refusal } from '#kernel/refusal.js';
import type { ReadStore } from '#read-store/read-store.js';

import { registryActivity } from './consumer.js';

const lookMs = 25;
const timeoutMs = 2_000;

/**
 * Resolves when everything up to `position` is counted. Throws a `Refusal`: `NOT_YET_VISIBLE`
 * (unavailable) after two seconds, and `QUERY_INVALID` where the facts come over Kafka, whose
 * partitions each know of their own facts only.
 */
export const waitUntilCounted = async (store: ReadStore, position: Position): Promise<void> => {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const at = await countedThrough(store);
    if (at !== undefined && at >= position.commit) return;
    if (performance.now() > end) break;
    await sleep(lookMs);
  }
  throw new Refusal(
    'NOT_YET_VISIBLE',
    'unavailable',
    `position ${formatPosition(position)} has not reached ${registryActivity} yet; try again`,
    { retryAfterSeconds: 1 },
  );
};

/** A commit position of the log; undefined before the consumer ran for the first time. */
const countedThrough = async (store: ReadStore): Promise<bigint | undefined> => {
  const { rows } = await store.pool.query<{ source: string; next_offset: string | null }>(
    `select s.source, c.next_offset
       from subscription.subscription s
       left join subscription.checkpoint c on c.subscription = s.name and c.source = s.source
      where s.name = $1`,
    [registryActivity],
  );
  const [row] = rows;
  if (row?.source === 'kafka') {
    const reason =
      'the facts come over Kafka, where nobody knows through which position they are counted: leave it out';
    throw queryInvalid([{ pointer: '?after', reason }]);
  }
  const at = row?.next_offset ?? null;
  return at === null ? undefined : BigInt(at);
};
