import type { Position } from '#event-log/event-log.js';
import { isAfter } from '#event-log/position.js';
import { Fenced } from '#read-store/apply-batch.js';
import type { ReadStore } from '#read-store/read-store.js';

import type { Consumer, ConsumerClient } from '../consumer.js';
import type { Fact } from '../fact.js';
import type { Delivery, Incoming, Place } from '../transport/transport.js';
import { clearAttempts } from './attempts.js';
import { bury, deadKeys, type DeadRecord } from './dead-letters.js';
import { movePlace, type OwnPartition } from './places.js';
import { isTimeOut, StatementTooSlow, WatchedClient } from './watched-client.js';

/** What became of the facts of a step. */
export interface FactCounts {
  readonly done: number;
  readonly skipped: number;
  readonly dead: number;
}

/** Losing the last commits of a crashed server loses their offsets too: the facts come again. */
export const setUp = 'set local synchronous_commit = off';

/** Some records of a delivery, and where the consumer stands behind them. */
export interface Step extends Pick<Delivery, 'through' | 'end'> {
  readonly records: readonly Incoming[];
}

type FactIncoming = Incoming & { readonly content: Fact };
type ProblemIncoming = Incoming & { readonly content: { readonly problem: string } };

const isProblem = (incoming: Incoming): incoming is ProblemIncoming =>
  'problem' in incoming.content;
const isFact = (incoming: Incoming): incoming is FactIncoming => !isProblem(incoming);

/** A step as it looks from a place: what is new there, and where it leads. */
export interface SortedStep {
  readonly facts: readonly FactIncoming[];
  /** Records that are no facts. */
  readonly problems: readonly ProblemIncoming[];
  readonly skipped: number;
  readonly to: Place;
  readonly recordedAt: string | undefined;
  readonly end: bigint | undefined;
}

/** Passes over what was taken before: below the offset, or not behind the last fact. */
export const sortStep = (from: Place, { records, through, end }: Step): SortedStep => {
  const facts: FactIncoming[] = [];
  const problems: ProblemIncoming[] = [];
  let { position, factOffset } = from;
  for (const incoming of records) {
    if (incoming.offset < from.nextOffset) continue;
    if (isProblem(incoming)) problems.push(incoming);
    else if (isFact(incoming) && isAfter(incoming.content.position, position)) {
      facts.push(incoming);
      position = incoming.content.position;
      factOffset = incoming.offset;
    }
  }
  return {
    facts,
    problems,
    skipped: records.length - facts.length - problems.length,
    to: {
      nextOffset: through.nextOffset > from.nextOffset ? through.nextOffset : from.nextOffset,
      position: laterOf(position, through.position),
      factOffset,
      anchor: through.anchor ?? from.anchor,
    },
    recordedAt: facts.at(-1)?.content.recordedAt,
    end,
  };
};

const laterOf = (a: Position | undefined, b: Position | undefined): Position | undefined =>
  b && isAfter(b, a) ? b : a;

export interface StepContext {
  readonly store: ReadStore;
  readonly consumer: Consumer;
  readonly own: OwnPartition;
}

/**
 * Handles a step and moves the consumer from `from` behind it, in one transaction. Facts whose key has
 * dead letters join them, as do records that are no facts.
 *
 * Throws `Fenced` when the consumer does not stand at `from` (nothing was written then), and whatever
 * the consumer throws.
 */
export const handleStep = async (
  { store, consumer, own }: StepContext,
  from: Place,
  { facts, problems, skipped, to, recordedAt, end }: SortedStep,
): Promise<FactCounts> =>
  store.transaction(async (client) => {
    const passed = { done: facts.length, skipped, recordedAt, end };
    const moved = await movePlace(client, own, from, to, passed);
    if (!moved) throw new Fenced();
    const keys = [...new Set(facts.map(({ content }) => content.stream))];
    const dead = moved.hasDead ? await deadKeys(client, own, keys) : new Set<string>();
    const behind = facts.filter(({ content }) => dead.has(content.stream));
    const taken = facts.filter(({ content }) => !dead.has(content.stream));
    await bury(
      client,
      own,
      [
        ...problems.map((incoming) => hopeless(incoming, incoming.content.problem)),
        ...behind.map((incoming): DeadRecord => ({ incoming, attempts: 0, error: null })),
      ],
      behind.length,
    );
    await handle(
      consumer,
      own,
      taken.map(({ content }) => content),
      client,
    );
    if (moved.hasAttempts) await clearAttempts(client, own.consumer, idsOf(facts));
    return { done: taken.length, skipped, dead: problems.length + behind.length };
  }, setUp);

const idsOf = (facts: readonly FactIncoming[]): string[] => facts.map(({ content }) => content.id);

const hopeless = (incoming: Incoming, error: string): DeadRecord => ({
  incoming,
  attempts: 1,
  error,
});

/** Has the consumer handle `facts`, if there are any. */
export const handle = async (
  consumer: Consumer,
  { topic, partition }: Pick<OwnPartition, 'topic' | 'partition'>,
  facts: readonly Fact[],
  client: ConsumerClient,
): Promise<void> => {
  if (facts.length === 0) return;
  const watched = new WatchedClient(client);
  try {
    await consumer.handle({ topic, partition, facts }, watched.client);
  } catch (error) {
    throw isTimeOut(error) ? new StatementTooSlow(error) : error;
  }
  watched.assertAlive();
};

/** Lays the facts of a step aside and moves behind them. Throws `Fenced`. */
export const buryFacts = async (
  { store, own }: Pick<StepContext, 'store' | 'own'>,
  from: Place,
  { facts, skipped, to, recordedAt, end }: SortedStep,
  failure: { readonly attempts: number; readonly error: string },
): Promise<FactCounts> =>
  store.transaction(async (client) => {
    if (!(await movePlace(client, own, from, to, { done: 0, skipped, recordedAt, end }))) {
      throw new Fenced();
    }
    const dead = facts.map((incoming) => ({ incoming, ...failure }));
    await bury(client, own, dead);
    await clearAttempts(client, own.consumer, idsOf(facts));
    return { done: 0, skipped, dead: facts.length };
  });
