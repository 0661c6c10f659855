import { setTimeout as sleep } from 'node:timers/promises';

import type { Position } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';
import { queryInvalid } from '#http/query-params.js';
import { Refusal } from '#kernel/refusal.js';
import type { ReadStore } from '#read-store/read-store.js';

import { sayWaiting } from './awaited.js';

const lookMs = 25;
const timeoutMs = 2_000;

/** A consumer, and what it follows: each topic has a checkpoint of its own. */
export interface Handling {
  readonly name: string;
  readonly topics: readonly string[];
}

/**
 * Resolves when the consumer has handled everything up to `position`. Throws a `Refusal`: `NOT_YET_VISIBLE`
 * (unavailable) after two seconds, and `QUERY_INVALID` where the facts come over Kafka, whose
 * partitions each know of their own facts only.
 */
export const waitUntilHandled = async (
  store: ReadStore,
  consumer: Handling,
  position: Position,
): Promise<void> => {
  const end = performance.now() + timeoutMs;
  for (let said = false; ; said = true) {
    const at = await handledThrough(store, consumer);
    if (at !== undefined && at >= position.commit) return;
    if (performance.now() > end) break;
    const { commit } = position;
    if (!said) await sayWaiting(store, [{ subscription: consumer.name, commit }]);
    await sleep(lookMs);
  }
  throw new Refusal(
    'NOT_YET_VISIBLE',
    'unavailable',
    `position ${formatPosition(position)} has not reached ${consumer.name} yet; try again`,
    { retryAfterSeconds: 1 },
  );
};

/** A commit position of the log; undefined before each topic was read for the first time. */
const handledThrough = async (
  store: ReadStore,
  { name, topics }: Handling,
): Promise<bigint | undefined> => {
  const { rows } = await store.pool.query<{ source: string; next_offset: string | null }>(
    `select s.source, case when count(*) >= $2 then min(c.next_offset) end as next_offset
       from subscription.subscription s
       left join subscription.checkpoint c
         on c.subscription = s.name and c.source = s.source and c.scope = any($3)
      where s.name = $1
      group by s.source`,
    [name, topics.length, topics],
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
