import {
  anchorColumns,
  anchorOf,
  type AnchorRow,
  anchorValues,
  columnsOf,
  positionOf,
} from '#read-store/builds.js';
import type { ReadStore } from '#read-store/read-store.js';

import type { ConsumerClient } from '../consumer.js';
import type { Partition, Place, Transport } from '../transport/transport.js';

/** A partition as one consumer reads it by one transport. */
export interface OwnPartition extends Partition {
  readonly consumer: string;
  readonly transport: Transport['name'];
}

interface PlaceRow extends AnchorRow {
  next_offset: string;
  fact_offset: string | null;
}

interface OpenedRow extends PlaceRow {
  held_by: string | null;
}

/** The consumer runs on another transport by now: this process has to end. */
export class TransportChanged extends Error {
  override readonly name = 'TransportChanged';
  constructor({ consumer, transport }: OwnPartition) {
    super(`consumer ${consumer} was reset to another transport than ${transport}`);
  }
}

const placeOf = (row: PlaceRow, transport: Transport['name']): Place => ({
  nextOffset: BigInt(row.next_offset),
  position: positionOf(row),
  factOffset: row.fact_offset === null ? undefined : BigInt(row.fact_offset),
  ...(transport === 'log' && { anchor: anchorOf(row) }),
});

const keyOf = ({ consumer, topic, partition, transport }: OwnPartition): unknown[] => [
  consumer,
  topic,
  partition,
  transport,
];

export interface OpenedPlace {
  readonly place: Place;
  /** The one before did not put the partition down: it may have died of the next fact. */
  readonly interrupted: boolean;
}

/**
 * Where the consumer stands in a partition, noted as read by `holder`. A partition that is new begins
 * where the last reset went. Throws `TransportChanged`.
 */
export const openPlace = async (
  store: ReadStore,
  own: OwnPartition,
  holder: string,
): Promise<OpenedPlace> =>
  store.transaction(async (client) => {
    // Shared: a reset that is under way is waited for, and its floor is what counts.
    await client.query(
      `insert into fanout.consumer_offset
         (consumer, topic, partition, transport, next_offset, commit_position, prepare_position)
       select name, $2, $3, transport,
              case transport when 'log' then coalesce(floor_commit_position, 0) else 0 end,
              floor_commit_position, floor_prepare_position
         from fanout.consumer where name = $1 and transport = $4 for share
       on conflict do nothing`,
      keyOf(own),
    );
    const { rows } = await client.query<OpenedRow>(
      `select next_offset, ${anchorColumns}, fact_offset, holder as held_by
         from fanout.consumer_offset
        where consumer = $1 and topic = $2 and partition = $3 and transport = $4 for update`,
      keyOf(own),
    );
    const [row] = rows;
    if (!row) throw new TransportChanged(own);
    await client.query(
      `update fanout.consumer_offset set holder = $5
        where consumer = $1 and topic = $2 and partition = $3 and transport = $4`,
      [...keyOf(own), holder],
    );
    return {
      place: placeOf(row, own.transport),
      interrupted: row.held_by !== null && row.held_by !== holder,
    };
  });

/** The partition is left in order: whoever reads it next has nothing to suspect. */
export const putDownPlace = async (
  store: ReadStore,
  own: OwnPartition,
  holder: string,
): Promise<void> => {
  await store.pool.query(
    `update fanout.consumer_offset set holder = null
      where consumer = $1 and topic = $2 and partition = $3 and transport = $4 and holder = $5`,
    [...keyOf(own), holder],
  );
};

/** What a step did, beside moving. */
export interface Passed {
  readonly done: number;
  readonly skipped: number;
  /** Of the last fact of the step, ISO 8601. */
  readonly recordedAt?: string | undefined;
  /** The end of the partition as it was seen, in the unit of `nextOffset`. */
  readonly end?: bigint | undefined;
}

/** Whether the consumer has dead letters of the topic, and facts that were tried in vain. */
export interface Moved {
  readonly hasDead: boolean;
  readonly hasAttempts: boolean;
}

/**
 * The fence. Moves the consumer from `from` to `to`; undefined when it does not stand at `from`: then
 * somebody else moved it, and the transaction must be rolled back. On success the row stays locked
 * until the transaction ends.
 */
export const movePlace = async (
  client: ConsumerClient,
  own: OwnPartition,
  from: Place,
  to: Place,
  { done, skipped, recordedAt, end }: Passed,
): Promise<Moved | undefined> => {
  const { rows } = await client.query<Moved>(
    `update fanout.consumer_offset
        set next_offset = $8, commit_position = $9, prepare_position = $10, fact_offset = $11,
            fact_recorded_at = coalesce($12, fact_recorded_at), end_offset = coalesce($13, end_offset),
            anchor_commit = coalesce($16, anchor_commit), anchor_prepare = coalesce($17, anchor_prepare),
            anchor_id = coalesce($18, anchor_id),
            done = done + $14, skipped = skipped + $15, moved_at = clock_timestamp(),
            caught_up_at = case when $8 >= coalesce($13, end_offset) then clock_timestamp() else caught_up_at end
      where consumer = $1 and topic = $2 and partition = $3 and transport = $4
        and next_offset = $5
        and commit_position is not distinct from $6 and prepare_position is not distinct from $7
      returning
        exists (select from fanout.dead_letter d where d.consumer = $1 and d.topic = $2) as "hasDead",
        exists (select from fanout.attempt a where a.consumer = $1) as "hasAttempts"`,
    [
      ...keyOf(own),
      from.nextOffset.toString(),
      ...columnsOf(from.position),
      to.nextOffset.toString(),
      ...columnsOf(to.position),
      to.factOffset?.toString() ?? null,
      recordedAt ?? null,
      end?.toString() ?? null,
      done,
      skipped,
      ...anchorValues(to.anchor),
    ],
  );
  return rows[0];
};

/** Ends of partitions as they were seen. Those that a batch is moving just now are left out. */
export const noteEnds = async (
  client: ConsumerClient,
  consumer: string,
  ends: readonly (Partition & { readonly end: bigint })[],
): Promise<void> => {
  if (ends.length === 0) return;
  await client.query(
    `update fanout.consumer_offset o
        set end_offset = seen.end_offset,
            caught_up_at = case when o.next_offset >= seen.end_offset then clock_timestamp() else o.caught_up_at end
       from (select c.topic, c.partition, s.end_offset
               from fanout.consumer_offset c
               join unnest($2::text[], $3::integer[], $4::numeric[]) as s(topic, partition, end_offset)
                 using (topic, partition)
              where c.consumer = $1
                for update of c skip locked) seen
      where o.consumer = $1 and o.topic = seen.topic and o.partition = seen.partition`,
    [
      consumer,
      ends.map(({ topic }) => topic),
      ends.map(({ partition }) => partition),
      ends.map(({ end }) => end.toString()),
    ],
  );
};
