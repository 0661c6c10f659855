import { contentIdOf } from '#kernel/ids.js';
import { columnsOf } from '#read-store/builds.js';

import type { ConsumerClient } from '../consumer.js';
import type { Fact } from '../fact.js';
import type { Incoming } from '../transport/transport.js';
import type { OwnPartition } from './places.js';
import { toStored } from './stored-record.js';

/** A record that is given up for now. */
export interface DeadRecord {
  readonly incoming: Incoming;
  readonly attempts: number;
  /** Null for one that waits behind an earlier fact of its key. */
  readonly error: string | null;
}

export const factOf = ({ content }: Incoming): Fact | undefined =>
  'problem' in content ? undefined : content;

/** Of the fact; derived from its place for a record that is none. */
export const factIdOf = (own: OwnPartition, incoming: Incoming): string =>
  factOf(incoming)?.id ??
  contentIdOf('record', own.topic, String(own.partition), incoming.offset.toString());

/** Those of consumer $1 that a reset to the position ($2, $3) has delivered again; to the start without one. */
export const comesAgain = `consumer = $1
  and ($2::numeric is null or commit_position is null
       or (commit_position, prepare_position) > ($2::numeric, $3::numeric))`;

/** Which of `keys` have dead facts: their later facts have to wait behind them. */
export const deadKeys = async (
  client: ConsumerClient,
  { consumer, topic }: OwnPartition,
  keys: readonly string[],
): Promise<ReadonlySet<string>> => {
  const { rows } = await client.query<{ key: string }>(
    `select distinct key from fanout.dead_letter
      where consumer = $1 and topic = $2 and key = any($3::text[]) and type is not null`,
    [consumer, topic, keys],
  );
  return new Set(rows.map(({ key }) => key));
};

/**
 * Lays records aside, in the transaction that moves the offset behind them. `countedDone` of them were
 * counted as done when it was moved.
 */
export const bury = async (
  client: ConsumerClient,
  own: OwnPartition,
  dead: readonly DeadRecord[],
  countedDone = 0,
): Promise<void> => {
  if (dead.length === 0) return;
  const records = dead.map(({ incoming }) => toStored(incoming.record()));
  const facts = dead.map(({ incoming }) => factOf(incoming));
  const positions = facts.map((fact) => columnsOf(fact?.position));
  await client.query(
    `with added as (
       insert into fanout.dead_letter
         (consumer, topic, partition, record_offset, fact_id, key, type, revision,
          commit_position, prepare_position, headers, value, attempts, error)
       select $1, $2, $3, d.*
         from unnest($4::numeric[], $5::uuid[], $6::text[], $7::text[], $8::numeric[], $9::numeric[],
                     $10::numeric[], $11::jsonb[], $12::bytea[], $13::integer[], $14::text[]) as d
       on conflict (consumer, fact_id) do nothing
       returning 1
     )
     update fanout.consumer_offset
        set dead = dead + (select count(*) from added), done = done - $15
      where consumer = $1 and topic = $2 and partition = $3`,
    [
      own.consumer,
      own.topic,
      own.partition,
      dead.map(({ incoming }) => incoming.offset.toString()),
      dead.map(({ incoming }) => factIdOf(own, incoming)),
      records.map(({ key }) => key),
      facts.map((fact) => fact?.type ?? null),
      facts.map((fact) => fact?.revision.toString() ?? null),
      positions.map(([commit]) => commit),
      positions.map(([, prepare]) => prepare),
      records.map(({ headers }) => JSON.stringify(headers)),
      records.map(({ value }) => value),
      dead.map(({ attempts }) => attempts),
      dead.map(({ error }) => error),
      countedDone,
    ],
  );
};
