import { columnsOf } from '#read-store/position-columns.js';

import type { OwnPartition } from './checkpoints.js';
import type { SubscriptionClient } from './follower.js';
import type { Item } from './source.js';

/** An event that is set aside until an operator retries or discards it. */
export interface ParkedItem {
  readonly item: Item<unknown>;
  readonly attempts: number;
  /** Null for one that waits behind an earlier event of its key. */
  readonly error: string | null;
}

/** Parked events of subscription $1 that a reset to the position ($2, $3) delivers again; to the start without one. */
export const deliveredAgain = `subscription = $1
  and ($2::numeric is null or commit_position is null
       or (commit_position, prepare_position) > ($2::numeric, $3::numeric))`;

/** Which of `keys` have parked events: later events of them have to wait. */
export const parkedKeys = async (
  client: SubscriptionClient,
  { subscription, scope }: OwnPartition,
  keys: readonly string[],
): Promise<ReadonlySet<string>> => {
  const { rows } = await client.query<{ key: string }>(
    `select distinct key from subscription.parked
      where subscription = $1 and scope = $2 and key = any($3::text[]) and type is not null`,
    [subscription, scope, keys],
  );
  return new Set(rows.map(({ key }) => key));
};

/** Which of `events` an operator gave up. */
export const discardedEvents = async (
  client: SubscriptionClient,
  subscription: string,
  events: readonly string[],
): Promise<ReadonlySet<string>> => {
  const { rows } = await client.query<{ event_id: string }>(
    'select event_id from subscription.discarded where subscription = $1 and event_id = any($2::uuid[])',
    [subscription, events],
  );
  return new Set(rows.map(({ event_id: id }) => id));
};

/** Parks events, in the transaction that moves the checkpoint behind them. */
export const park = async (
  client: SubscriptionClient,
  own: OwnPartition,
  parked: readonly ParkedItem[],
): Promise<void> => {
  if (parked.length === 0) return;
  const items = parked.map(({ item }) => item);
  const records = items.map(({ record }) => record?.());
  const positions = items.map(({ position }) => columnsOf(position));
  await client.query(
    `insert into subscription.parked
       (subscription, scope, partition, record_offset, event_id, key, type, revision,
        commit_position, prepare_position, headers, value, attempts, error)
     select $1, $2, $3, p.*
       from unnest($4::numeric[], $5::uuid[], $6::text[], $7::text[], $8::numeric[], $9::numeric[],
                   $10::numeric[], $11::jsonb[], $12::bytea[], $13::integer[], $14::text[]) as p
     on conflict (subscription, scope, event_id) do nothing`,
    [
      own.subscription,
      own.scope,
      own.partition,
      items.map(({ offset }) => offset.toString()),
      items.map(({ id }) => id),
      items.map(({ key }) => key),
      items.map(({ type }) => type),
      items.map(({ revision }) => revision?.toString() ?? null),
      positions.map(([commit]) => commit),
      positions.map(([, prepare]) => prepare),
      records.map((record) => (record ? JSON.stringify(record.headers) : null)),
      records.map((record) => record?.value ?? null),
      parked.map(({ attempts }) => attempts),
      parked.map(({ error }) => error),
    ],
  );
};
