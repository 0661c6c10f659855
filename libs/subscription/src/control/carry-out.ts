import type { PoolClient } from 'pg';

import type { EventLog, Position, StoredEvent } from '#event-log/event-log.js';
import { type Anchor, holdsAnchor, newestAnchor } from '#event-log/log-check.js';
import { parsePosition } from '#event-log/position.js';
import { readOne } from '#event-log/read-one.js';
import { newest, type ReadEvent } from '#event-log/reading.js';
import { Refusal } from '#kernel/refusal.js';
import { columnsOf } from '#read-store/position-columns.js';

import { describeError } from '../describe-error.js';
import { isTransientFor, type SubscriptionClient } from '../follower.js';
import { deliveredAgain, discardedEvents } from '../park.js';
import { lockScopes, type RetryContext, retryParked } from '../retry-parked.js';
import type { Source } from '../source.js';
import {
  AlreadyCarriedOut,
  type ControlMove,
  moveControl,
  noteControlAnchor,
  readSubscription,
  setFloor,
} from '../subscription-row.js';
import { controlDecider } from './decider.js';
import { type ControlEvent, type ControlEventOf, controlStream } from './events.js';

export interface ControlContext extends RetryContext {
  readonly log: EventLog;
  /** A reset brings the subscription onto it. */
  readonly source: Source<unknown>['name'];
}

/**
 * Carries out what operators requested of the subscription, each once, in order.
 *
 * Rejects with the store's faults and the log's; called again, it goes on.
 */
export const carryOutControl = async (
  context: ControlContext,
  signal: AbortSignal,
): Promise<void> => {
  const { store, follower, log, logger } = context;
  const row = await readSubscription(store, follower);
  if (!row) return;
  let from = row.controlRevision;
  if (!(await holdsAnchor(log, row.controlAnchor))) {
    const passed = await passOver(context, from);
    if (passed === undefined) return;
    from = passed;
  } else if (!row.controlAnchor) await noteControlAnchor(store, follower, await anchorNow(log));
  for await (const stored of log.readStream(controlStream(follower.name), { from: from + 1n })) {
    signal.throwIfAborted();
    const event = newest<ControlEvent>(controlDecider, stored);
    if (!event) continue;
    const outcome = await carryOut(context, from, event, signal);
    const { type, revision, data } = event;
    const fields = { subscription: follower.name, type, revision: revision.toString(), ...data };
    logger.info({ ...fields, outcome }, 'what was requested of the subscription is carried out');
    from = revision;
  }
};

/**
 * In a log that is not the one that was followed only what is requested from now on counts: nobody meant
 * this one before. A rebuild that was requested last is carried out all the same: such a log needs one.
 * An empty log has nothing to be recognised by: it is left for the next poll.
 */
const passOver = async (context: ControlContext, from: bigint): Promise<bigint | undefined> => {
  const { store, follower, logger } = context;
  const last = await lastControl(context);
  const anchor = last ?? (await anchorNow(context.log));
  if (!anchor) return undefined;
  const outcome =
    'passed over: it was requested in another event log, or before the log was replaced';
  const isRebuild = last?.type === 'ProjectionRebuildRequested';
  const to = (last?.revision ?? -1n) - (isRebuild ? 1n : 0n);
  await moveControl(store.pool, follower, { from, to, anchor, outcome });
  const fields = { subscription: follower.name, revision: from.toString() };
  logger.warn(fields, 'the event log does not hold what the subscription recognises it by');
  return to;
};

/** The newest event of the log. One whose id cannot be read is no anchor: any event there would do. */
export const anchorNow = async (
  log: Pick<EventLog, 'head' | 'idAt'>,
): Promise<Anchor | undefined> => {
  const anchor = await newestAnchor(log);
  return anchor?.id === undefined ? undefined : anchor;
};

/** The newest control event of the subscription. */
export const lastControl = async ({
  log,
  follower,
}: Pick<ControlContext, 'log' | 'follower'>): Promise<StoredEvent | undefined> =>
  readOne(log, controlStream(follower.name), { direction: 'backwards' });

type ControlStep = Omit<ControlMove, 'outcome'>;

/** What cannot be done is left as it is: the operator sees the reason in the outcome. */
const carryOut = async (
  context: ControlContext,
  from: bigint,
  event: ReadEvent<ControlEvent>,
  signal: AbortSignal,
): Promise<string> => {
  const { store, follower } = context;
  const step = { from, to: event.revision, anchor: event };
  const finish = async (outcome: string): Promise<string> => {
    await moveControl(store.pool, follower, { ...step, outcome });
    return outcome;
  };
  try {
    switch (event.type) {
      case 'ParkedEventsRetried':
        return await finish(await retryParked(context, event.data.parked, signal));
      case 'ParkedEventDiscarded': {
        const discarded = await discard(context, event);
        const behind = { ...event.data.parked, scope: null };
        const outcome = await retryParked(context, behind, signal);
        return await finish(`${discarded}; behind it ${outcome}`);
      }
      case 'SubscriptionReset':
        return await inTransaction(context, step, (client) => reset(context, client, event.data));
      default:
        return await inTransaction(context, step, (client) => changeState(context, client, event));
    }
  } catch (error) {
    if (error instanceof AlreadyCarriedOut) return 'carried out by another process';
    if (signal.aborted || isTransientFor(follower, error)) throw error;
    return finish(`refused: ${error instanceof Refusal ? error.message : describeError(error)}`);
  }
};

/** First the subscription's row, then its checkpoints: nothing is opened from here on, and what is in hand is waited for. */
const inTransaction = (
  { store, follower }: ControlContext,
  step: ControlStep,
  work: (client: PoolClient) => Promise<string>,
): Promise<string> =>
  store.transaction(async (client) => {
    await moveControl(client, follower, { ...step, outcome: '' });
    const outcome = await work(client);
    await client.query(
      'update subscription.subscription set control_outcome = $3 where name = $1 and version = $2',
      [follower.name, follower.version, outcome],
    );
    return outcome;
  });

const reset = async (
  { follower, source }: ControlContext,
  client: PoolClient,
  { to: asked }: { readonly to: string | null },
): Promise<string> => {
  if (follower.kind === 'projection') return 'a projection is rebuilt, not reset';
  const to = asked === null || asked === '0' ? undefined : parsePosition(asked);
  await setFloor(client, follower, source, to);
  await forgetEvents(client, follower.name, to);
  await follower.forget?.(to, client);
  return `reset on source ${source}`;
};

/** Checkpoints, attempts, and parked events that are delivered again. */
const forgetEvents = async (
  client: SubscriptionClient,
  subscription: string,
  to: Position | undefined,
): Promise<void> => {
  await client.query('delete from subscription.checkpoint where subscription = $1', [subscription]);
  await client.query('delete from subscription.attempt where subscription = $1', [subscription]);
  await client.query(`delete from subscription.parked where ${deliveredAgain}`, [
    subscription,
    ...columnsOf(to),
  ]);
};

const changeState = async (
  { follower }: ControlContext,
  client: PoolClient,
  event: ControlEvent,
): Promise<string> => {
  const outcome = await follower.control?.(event, client);
  if (outcome !== undefined) return outcome;
  const isPause = event.type === 'SubscriptionPaused';
  if (!isPause && event.type !== 'SubscriptionResumed')
    return 'this kind of subscription has no such request';
  const { rowCount } = await client.query(
    'update subscription.subscription set paused = $2 where name = $1 and paused <> $2',
    [follower.name, isPause],
  );
  await client.query(
    'update subscription.checkpoint set state = $2 where subscription = $1 and state = $3',
    [follower.name, ...(isPause ? ['paused', 'running'] : ['running', 'paused'])],
  );
  if (rowCount === 0) return isPause ? 'it was paused already' : 'it was not paused';
  return isPause ? 'paused' : 'resumed';
};

/** In every scope; none of them takes in an event that waits behind it meanwhile. */
const discard = async (
  { store, follower: { name } }: ControlContext,
  { data: { parked }, metadata }: ReadEvent<ControlEventOf<'ParkedEventDiscarded'>>,
): Promise<string> =>
  store.transaction(async (client) => {
    const { rows } = await client.query<{ scope: string }>(
      'select scope from subscription.parked where subscription = $1 and event_id = $2',
      [name, parked.eventId],
    );
    const scopes = rows.map(({ scope }) => scope);
    if (scopes.length > 0) await lockScopes(client, name, scopes);
    await client.query(
      `with gone as (
         delete from subscription.parked where subscription = $1 and event_id = $2 returning 1
       )
       insert into subscription.discarded (subscription, event_id, reason, discarded_by)
       select $1, $2, $3, $4 where exists (select from gone) on conflict do nothing`,
      [name, parked.eventId, metadata.reason ?? '', metadata.actor.id],
    );
    // Also by another version of a projection, or before the process ended.
    const discarded = await discardedEvents(client, name, [parked.eventId]);
    return discarded.size > 0 ? 'discarded' : 'nothing to discard: it is parked no longer';
  });
