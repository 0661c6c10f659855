import type { EventLog, Position, StoredEvent } from '#event-log/event-log.js';
import { type Anchor, holdsAnchor, newestAnchor } from '#event-log/log-check.js';
import { parsePosition } from '#event-log/position.js';
import { newest, type ReadEvent } from '#event-log/reading.js';
import { Refusal } from '#kernel/refusal.js';
import { columnsOf } from '#read-store/builds.js';
import { describeError } from '#read-store/parking.js';
import { isStoreFault } from '#read-store/store-errors.js';

import type { ConsumerClient } from '../consumer.js';
import type { Transport } from '../transport/transport.js';
import {
  type ControlMove,
  moveControl,
  noteControlAnchor,
  readConsumer,
  setFloor,
} from './consumer-row.js';
import { comesAgain } from './dead-letters.js';
import { consumerDecider } from './decider.js';
import { type ConsumerEvent, consumerStream } from './events.js';
import { type RetryContext, retryDeadLetters } from './retry-dead-letters.js';

export interface ControlContext extends RetryContext {
  readonly log: Pick<EventLog, 'readStream' | 'epoch' | 'idAt' | 'head'>;
  /** A reset brings the consumer onto it. */
  readonly transport: Transport['name'];
}

/**
 * Carries out what operators asked of the consumer, each once, in order.
 *
 * Rejects with the store's faults and the log's; called again, it goes on.
 */
export const carryOutControl = async (
  context: ControlContext,
  signal: AbortSignal,
): Promise<void> => {
  const { store, consumer, log, logger } = context;
  const row = await readConsumer(store, consumer.name);
  if (!row) return;
  let from = row.controlRevision;
  if (!(await holdsAnchor(log, row.controlAnchor))) {
    await passOver(context, from);
    return;
  }
  if (!row.controlAnchor) await noteControlAnchor(store, consumer.name, await anchorNow(log));
  for await (const stored of log.readStream(consumerStream(consumer.name), { from: from + 1n })) {
    signal.throwIfAborted();
    const event = newest<ConsumerEvent>(consumerDecider, stored);
    if (!event) continue;
    const outcome = await carryOut(context, from, event, signal);
    const { type, revision, data } = event;
    const fields = { consumer: consumer.name, type, revision: revision.toString(), ...data };
    logger.info({ ...fields, outcome }, 'what was asked of the consumer is carried out');
    from = revision;
  }
};

/**
 * In a log that is not the one that was followed only what is asked from now on counts: nobody meant
 * this one before. An empty log has nothing to be known by: it is left for the next look.
 */
const passOver = async (context: ControlContext, from: bigint): Promise<void> => {
  const { store, consumer, logger } = context;
  const last = await lastControl(context);
  const anchor = last ?? (await anchorNow(context.log));
  if (!anchor) return;
  const outcome = 'passed over: it was asked in another event log, or before the log was replaced';
  await moveControl(store.pool, consumer.name, {
    from,
    to: last?.revision ?? -1n,
    anchor,
    outcome,
  });
  const fields = { consumer: consumer.name, revision: from.toString() };
  logger.warn(fields, 'the event log does not hold what the consumer knows it by');
};

/** The newest event of the log. One whose id cannot be read is no anchor: any event there would do. */
export const anchorNow = async (
  log: Pick<EventLog, 'head' | 'idAt'>,
): Promise<Anchor | undefined> => {
  const newest = await newestAnchor(log);
  return newest?.id === undefined ? undefined : newest;
};

/** The newest control event of the consumer. */
export const lastControl = async ({
  log,
  consumer,
}: Pick<ControlContext, 'log' | 'consumer'>): Promise<StoredEvent | undefined> => {
  const newestOnly = { direction: 'backwards', limit: 1 } as const;
  for await (const event of log.readStream(consumerStream(consumer.name), newestOnly)) return event;
  return undefined;
};

const carryOut = async (
  context: ControlContext,
  from: bigint,
  event: ReadEvent<ConsumerEvent>,
  signal: AbortSignal,
): Promise<string> => {
  const step = { from, to: event.revision, anchor: event };
  switch (event.type) {
    case 'ConsumerReset': {
      const { to } = event.data;
      return reset(context, to === null || to === '0' ? undefined : parsePosition(to), step);
    }
    case 'DeadLettersRetried': {
      const outcome = await retryDeadLetters(context, event.data.letter, signal);
      await finish(context, step, outcome);
      return outcome;
    }
    case 'DeadLetterDiscarded':
      return discard(context, event.data.letter.factId, step);
  }
};

type ControlStep = Omit<ControlMove, 'outcome'>;

/** Somebody else carried it out: whoever reads on sees so in the row. */
class AlreadyDone extends Error {}

const finish = async (
  { store, consumer }: ControlContext,
  step: ControlStep,
  outcome: string,
): Promise<void> => {
  await moveControl(store.pool, consumer.name, { ...step, outcome });
};

const discard = async (
  { store, consumer }: ControlContext,
  factId: string,
  step: ControlStep,
): Promise<string> =>
  store.transaction(async (client) => {
    const { rowCount } = await client.query(
      'delete from fanout.dead_letter where consumer = $1 and fact_id = $2',
      [consumer.name, factId],
    );
    const outcome = rowCount === 1 ? 'discarded' : 'nothing to discard: it was handled meanwhile';
    await moveControl(client, consumer.name, { ...step, outcome });
    return outcome;
  });

/** A consumer that cannot forget is left as it is: the operator sees why. */
const reset = async (
  context: ControlContext,
  to: Position | undefined,
  step: ControlStep,
): Promise<string> => {
  try {
    const outcome = `reset on transport ${context.transport}`;
    await resetNow(context, to, { ...step, outcome });
    return outcome;
  } catch (error) {
    if (error instanceof AlreadyDone) return 'carried out by another process';
    if (isStoreFault(error)) throw error;
    const outcome = `refused: ${error instanceof Refusal ? error.message : describeError(error)}`;
    await finish(context, step, outcome);
    return outcome;
  }
};

const resetNow = async (
  { store, consumer, transport }: ControlContext,
  to: Position | undefined,
  step: ControlMove,
): Promise<void> => {
  await store.transaction(async (client) => {
    // First this row, then the offsets: nothing is opened from here on, and what is in hand is waited for.
    if (!(await moveControl(client, consumer.name, step))) throw new AlreadyDone();
    await setFloor(client, consumer.name, transport, to);
    await forgetFacts(client, consumer.name, to);
    await consumer.forget?.(to, client);
  });
};

/** Places, attempts, and dead letters that come again. */
const forgetFacts = async (
  client: ConsumerClient,
  consumer: string,
  to: Position | undefined,
): Promise<void> => {
  await client.query('delete from fanout.consumer_offset where consumer = $1', [consumer]);
  await client.query('delete from fanout.attempt where consumer = $1', [consumer]);
  await client.query(`delete from fanout.dead_letter where ${comesAgain}`, [
    consumer,
    ...columnsOf(to),
  ]);
};
