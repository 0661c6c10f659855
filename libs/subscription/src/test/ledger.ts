import { counterDecider, type CounterEvent } from '#event-log/counter.fixture.js';
import type { Position } from '#event-log/event-log.js';
import { newest, type ReadEvent } from '#event-log/reading.js';
import { categoryOf } from '#event-log/stream-name.js';

import type { Follower, SubscriptionClient } from '../follower.js';

/** Not idempotent by itself: what is handled twice stands here twice. */
export const ledgerTables = `
  create schema if not exists ledger;
  create table if not exists ledger.entry (
    id bigint generated always as identity primary key,
    subscription text not null,
    event_id uuid not null,
    stream text not null,
    revision numeric(20) not null,
    commit_position numeric(20) not null
  )`;

/** An event of a counter, or what is published of it. */
export interface LedgerEvent {
  readonly id: string;
  readonly stream: string;
  readonly revision: bigint;
  readonly position: Position;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface LedgerOptions<T extends LedgerEvent> {
  readonly name?: string;
  /** Runs before an event is written down; may throw, or end the process. */
  readonly before?: (event: T) => void | Promise<void>;
  /** Runs inside the transaction, when the rows of a batch are written. */
  readonly after?: (events: readonly T[], client: SubscriptionClient) => Promise<void>;
  readonly forget?: (after: Position | undefined, client: SubscriptionClient) => Promise<void>;
}

/** Writes events down in the order in which they come, and forgets them for a reset. */
export const ledgerOf = <T extends LedgerEvent>({
  name = 'ledger',
  before,
  after,
  forget = async (from, client) => {
    await client.query(
      'delete from ledger.entry where subscription = $1 and commit_position > coalesce($2, -1)',
      [name, from?.commit.toString() ?? null],
    );
  },
}: LedgerOptions<T>) => ({
  name,
  forget,
  handle: async (events: readonly T[], client: SubscriptionClient): Promise<void> => {
    for (const event of events) await before?.(event);
    await client.query(
      `insert into ledger.entry (subscription, event_id, stream, revision, commit_position)
       select $1, * from unnest($2::uuid[], $3::text[], $4::numeric[], $5::numeric[])`,
      [
        name,
        events.map(({ id }) => id),
        events.map(({ stream }) => stream),
        events.map(({ revision }) => revision.toString()),
        events.map(({ position }) => position.commit.toString()),
      ],
    );
    await after?.(events, client);
  },
});

export type Counted = ReadEvent<Extract<CounterEvent, { type: 'Counted' }>>;

export interface LedgerFollowerOptions
  extends LedgerOptions<Counted>, Pick<Follower<Counted>, 'act' | 'isTransient'> {}

/** A process that writes every `Counted` down; its scope is the log. */
export const ledgerFollower = ({
  act,
  isTransient,
  ...options
}: LedgerFollowerOptions = {}): Follower<Counted> => {
  const { name, forget, handle } = ledgerOf(options);
  return {
    ...{ kind: 'process', name, version: 0, lazyMs: 1_000, forget, handle },
    cure: `run "voltrace subscriptions reset ${name} --to start"`,
    scopes: () => Promise.resolve([{ name: 'log', state: 'running' }]),
    read: (stored) => {
      if (categoryOf(stored.stream) !== counterDecider.category) return undefined;
      const event = newest<CounterEvent>(counterDecider, stored);
      return event?.type === 'Counted' ? event : undefined;
    },
    ...(act && { act }),
    ...(isTransient && { isTransient }),
  };
};
