import type { EventLog } from '#event-log/event-log.js';
import { readOne } from '#event-log/read-one.js';
import type { ReadStore, StoreLogger } from '#read-store/read-store.js';

import { beginAttempt, clearAttempts } from './attempts.js';
import type { CheckpointState } from './checkpoints.js';
import type { ParkedFacts } from './control/events.js';
import { describeError } from './describe-error.js';
import { type Follower, isTransientFor, type SubscriptionClient } from './follower.js';
import { handle } from './step.js';

export interface RetryContext {
  readonly store: ReadStore;
  readonly log: Pick<EventLog, 'readStream'>;
  readonly follower: Follower<unknown>;
  readonly logger: StoreLogger;
  /** Events whose attempt was counted and not made, because the store failed. Kept while the process lives. */
  readonly counted: Set<string>;
}

/** Which parked events: those of a key, in one scope or in all; a single one where its type is null. */
type Chosen = Pick<ParkedFacts, 'key' | 'eventId' | 'type'> & { readonly scope: string | null };

/** The parked events of one key; a single one where it is undecodable. */
interface Queue {
  readonly scope: string;
  readonly key: string;
  /** Set where the record is undecodable: nothing waits behind it, and it behind nothing. */
  readonly eventId: string | null;
  readonly state: CheckpointState | null;
}

interface ParkedRow {
  readonly id: string;
  readonly event_id: string;
  readonly partition: number;
  readonly key: string;
  readonly revision: string | null;
  readonly value: Buffer | null;
  readonly headers: object | null;
}

/**
 * Handles parked events again: those of the event's key, or all. Those of a key in their order, until one
 * fails again; that one and the later ones stay. The outcome, for people.
 *
 * Rethrows what is transient; called again, it goes on. An event in which the process ended is not tried
 * again in the same retry.
 */
export const retryParked = async (
  context: RetryContext,
  parked: Chosen | null,
  signal: AbortSignal,
): Promise<string> => {
  let handled = 0;
  let failed = 0;
  for (const queue of await queuesOf(context, parked)) {
    if (queue.state === 'stopped') {
      await startAgain(context, queue);
      handled += 1;
      continue;
    }
    for (let more = true; more && !signal.aborted;) {
      const outcome = await retryFirst(context, queue, signal);
      if (outcome === 'handled') handled += 1;
      if (outcome === 'failed') failed += 1;
      more = outcome === 'handled' && queue.eventId === null;
    }
    signal.throwIfAborted();
  }
  const keys = failed === 1 ? '1 key fails' : `${String(failed)} keys fail`;
  return `${String(handled)} handled${failed > 0 ? `, ${keys} again` : ''}`;
};

/** Oldest first. Of a projection only the builds of this version. */
const queuesOf = async (
  { store, follower }: RetryContext,
  parked: Chosen | null,
): Promise<readonly Queue[]> => {
  const scopes = await follower.scopeNames?.();
  const { rows } = await store.pool.query<Queue>(
    `select p.scope, p.key, case when p.type is null then p.event_id end as "eventId",
            (select c.state from subscription.checkpoint c
              where c.subscription = $1 and c.scope = p.scope order by c.partition limit 1) as state
       from subscription.parked p
      where p.subscription = $1
        and ($2::text is null or p.scope = $2)
        and ($3::text is null or (p.key = $3 and p.type is not null))
        and ($4::uuid is null or p.event_id = $4)
        and ($5::text[] is null or p.scope = any($5))
      group by 1, 2, 3 order by min(p.id)`,
    [follower.name, parked?.scope ?? null, ...chosen(parked), scopes ?? null],
  );
  return rows;
};

/** By key, or by id where nothing waits behind it. */
const chosen = (parked: Chosen | null): [key: string | null, eventId: string | null] => {
  if (!parked) return [null, null];
  return parked.type === null ? [null, parked.eventId] : [parked.key, null];
};

/** Where order is global the event lies before the checkpoint still: the follower meets it again. */
const startAgain = async ({ store, follower }: RetryContext, { scope }: Queue): Promise<void> => {
  await store.transaction(async (client) => {
    await client.query('delete from subscription.parked where subscription = $1 and scope = $2', [
      follower.name,
      scope,
    ]);
    await follower.resume?.(scope, client);
  });
};

type Outcome = 'handled' | 'failed' | 'none';

const retryFirst = async (
  context: RetryContext,
  queue: Queue,
  signal: AbortSignal,
): Promise<Outcome> => {
  const { store, follower, logger, counted } = context;
  const own = { subscription: follower.name, scope: queue.scope };
  const row = await firstOf(store.pool, follower.name, queue);
  if (!row) return 'none';
  const attempts = counted.has(row.event_id)
    ? 1
    : (await beginAttempt(store, own, row.event_id)).attempts;
  if (attempts === 1) counted.add(row.event_id);
  const error =
    attempts > 1
      ? 'the process ended while it was handled again'
      : await handleParked(context, queue, row, signal);
  counted.delete(row.event_id);
  if (error === undefined) return 'handled';
  const fields = { ...own, key: queue.key, eventId: row.event_id, error };
  logger.warn(fields, 'a parked event cannot be handled yet');
  await store.transaction(async (client) => {
    await client.query(
      'update subscription.parked set attempts = attempts + 1, error = $2 where id = $1',
      [row.id, error],
    );
    await clearAttempts(client, own, [row.event_id]);
  });
  return 'failed';
};

const firstOf = async (
  client: SubscriptionClient,
  subscription: string,
  { scope, key, eventId }: Queue,
): Promise<ParkedRow | undefined> => {
  const { rows } = await client.query<ParkedRow>(
    `select id, event_id, partition, key, revision, value, headers
       from subscription.parked
      where subscription = $1 and scope = $2 and key = $3
        and case when $4::uuid is null then type is not null else event_id = $4 end
      order by commit_position, prepare_position limit 1`,
    [subscription, scope, key, eventId],
  );
  return rows[0];
};

/** What it fails by; undefined when it is handled, or was meanwhile. */
const handleParked = async (
  context: RetryContext,
  queue: Queue,
  row: ParkedRow,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const { store, follower } = context;
  const { scope } = queue;
  try {
    const payload = await payloadOf(context, scope, row);
    if (payload !== undefined) await follower.act?.([payload], signal);
    await store.transaction(async (client) => {
      await lockScopes(client, follower.name, [scope]);
      const state = (await follower.stateOf?.(scope, client)) ?? 'running';
      const setUp = follower.setUp?.({ name: scope, state });
      if (setUp !== undefined) await client.query(setUp);
      const first = await firstOf(client, follower.name, queue);
      if (first?.id === row.id) {
        const events = payload === undefined ? [] : [payload];
        await handle(follower, { scope, partition: row.partition }, events, client);
        await client.query('delete from subscription.parked where id = $1', [row.id]);
      }
      await clearAttempts(client, { subscription: follower.name, scope }, [row.event_id]);
    });
    return undefined;
  } catch (error) {
    if (isTransientFor(follower, error)) throw error;
    return describeError(error);
  }
};

/** Undefined where this version passes over it. */
const payloadOf = async (
  { follower, log }: RetryContext,
  scope: string,
  { value, headers, key, revision, event_id: id }: ParkedRow,
): Promise<unknown> => {
  if (value !== null && headers !== null) return follower.decode?.({ key, value, headers });
  const event = await readOne(log, key, { from: BigInt(revision ?? 0) });
  if (event?.id !== id) throw new Error('its event is gone from the log');
  return follower.read(event, scope);
};

/** Until the end of the transaction no event of the scopes is handled or parked, no partition opened, and no build switched to. */
export const lockScopes = async (
  client: SubscriptionClient,
  subscription: string,
  scopes: readonly string[],
): Promise<void> => {
  await client.query(
    'select from subscription.subscription where name = $1 order by version for no key update',
    [subscription],
  );
  await client.query(
    `select from subscription.checkpoint where subscription = $1 and scope = any($2::text[])
      order by scope, partition for update`,
    [subscription, scopes],
  );
};
