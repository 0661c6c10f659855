import { describeError } from '#read-store/parking.js';
import type { ReadStore, StoreLogger } from '#read-store/read-store.js';
import { isStoreFault } from '#read-store/store-errors.js';

import { NotAFact, toFact } from '../cloud-event.js';
import type { Consumer, ConsumerClient } from '../consumer.js';
import { beginAttempt, clearAttempts } from './attempts.js';
import type { DeadLetterFacts } from './events.js';
import { handle } from './handle-step.js';
import { fromStored, type StoredRecord } from './stored-record.js';

export interface RetryContext {
  readonly store: ReadStore;
  readonly consumer: Consumer;
  readonly logger: StoreLogger;
  /** Facts whose attempt was counted and not made, because the store failed. Kept while the process lives. */
  readonly counted: Set<string>;
}

interface LetterRow extends StoredRecord {
  readonly id: string;
  readonly fact_id: string;
  readonly partition: number;
}

/** The letters of one key; of one record where it is no fact. */
interface Queue {
  readonly topic: string;
  readonly key: string;
  /** Set where the record is no fact: nothing waits behind it, and it behind nothing. */
  readonly factId: string | null;
}

/**
 * Handles dead letters again: those of the letter's key, or all. Those of a key in their order, until
 * one fails again; that one and the later ones stay. What became of it, for people.
 *
 * Rethrows the store's faults; called again, it goes on. A letter in which the process ended is not
 * tried again in the same retry.
 */
export const retryDeadLetters = async (
  context: RetryContext,
  letter: DeadLetterFacts | null,
  signal: AbortSignal,
): Promise<string> => {
  let handled = 0;
  let failed = 0;
  for (const queue of await queuesOf(context, letter)) {
    for (let more = true; more && !signal.aborted;) {
      const outcome = await retryFirst(context, queue);
      if (outcome === 'handled') handled += 1;
      if (outcome === 'failed') failed += 1;
      more = outcome === 'handled' && queue.factId === null;
    }
    signal.throwIfAborted();
  }
  const keys = failed === 1 ? '1 key fails' : `${String(failed)} keys fail`;
  return `${String(handled)} handled${failed > 0 ? `, ${keys} again` : ''}`;
};

/** Oldest first. */
const queuesOf = async (
  { store, consumer }: RetryContext,
  letter: DeadLetterFacts | null,
): Promise<readonly Queue[]> => {
  const { rows } = await store.pool.query<Queue>(
    `select topic, key, case when type is null then fact_id end as "factId"
       from fanout.dead_letter
      where consumer = $1
        and ($2::text is null or topic = $2)
        and ($3::text is null or (key = $3 and type is not null))
        and ($4::uuid is null or fact_id = $4)
      group by 1, 2, 3 order by min(id)`,
    [consumer.name, letter?.topic ?? null, ...chosen(letter)],
  );
  return rows;
};

/** By key, or by id where nothing waits behind it. */
const chosen = (letter: DeadLetterFacts | null): [key: string | null, factId: string | null] => {
  if (!letter) return [null, null];
  return letter.type === null ? [null, letter.factId] : [letter.key, null];
};

type Outcome = 'handled' | 'failed' | 'none';

const retryFirst = async (context: RetryContext, queue: Queue): Promise<Outcome> => {
  const { store, consumer, logger, counted } = context;
  const letter = await firstOf(store.pool, consumer.name, queue);
  if (!letter) return 'none';
  const attempts = counted.has(letter.fact_id)
    ? 1
    : (await beginAttempt(store, consumer.name, letter.fact_id)).attempts;
  if (attempts === 1) counted.add(letter.fact_id);
  const error =
    attempts > 1
      ? 'the process ended while it was handled again'
      : await handleLetter(context, queue, letter);
  counted.delete(letter.fact_id);
  if (error === undefined) return 'handled';
  const { topic, key } = queue;
  const fields = { consumer: consumer.name, topic, key, factId: letter.fact_id, error };
  logger.warn(fields, 'a dead letter cannot be handled yet');
  await store.transaction(async (client) => {
    await client.query(
      'update fanout.dead_letter set attempts = attempts + 1, error = $2 where id = $1',
      [letter.id, error],
    );
    await clearAttempts(client, consumer.name, [letter.fact_id]);
  });
  return 'failed';
};

const firstOf = async (
  client: ConsumerClient,
  consumer: string,
  { topic, key, factId }: Queue,
): Promise<LetterRow | undefined> => {
  const { rows } = await client.query<LetterRow>(
    `select id, fact_id, partition, key, value, headers
       from fanout.dead_letter
      where consumer = $1 and topic = $2 and key = $3
        and case when $4::uuid is null then type is not null else fact_id = $4 end
      order by commit_position, prepare_position limit 1`,
    [consumer, topic, key, factId],
  );
  return rows[0];
};

/** What it fails by; undefined when it is handled, or was meanwhile. */
const handleLetter = async (
  { store, consumer }: RetryContext,
  queue: Queue,
  letter: LetterRow,
): Promise<string | undefined> => {
  try {
    await store.transaction(async (client) => {
      await lockTopic(client, consumer.name, queue.topic);
      const first = await firstOf(client, consumer.name, queue);
      if (first?.id === letter.id) await handleLocked(client, consumer, queue, letter);
      await clearAttempts(client, consumer.name, [letter.fact_id]);
    });
    return undefined;
  } catch (error) {
    if (isStoreFault(error)) throw error;
    return error instanceof NotAFact ? `no fact: ${error.message}` : describeError(error);
  }
};

/** Until the end of the transaction no fact of the topic is handled or laid aside, and no partition opened. */
const lockTopic = async (
  client: ConsumerClient,
  consumer: string,
  topic: string,
): Promise<void> => {
  await client.query('select from fanout.consumer where name = $1 for no key update', [consumer]);
  await client.query(
    `select from fanout.consumer_offset where consumer = $1 and topic = $2
      order by partition for update`,
    [consumer, topic],
  );
};

const handleLocked = async (
  client: ConsumerClient,
  consumer: Consumer,
  { topic }: Queue,
  letter: LetterRow,
): Promise<void> => {
  const { partition } = letter;
  await handle(consumer, { topic, partition }, [toFact(fromStored(letter))], client);
  await client.query('delete from fanout.dead_letter where id = $1', [letter.id]);
};
