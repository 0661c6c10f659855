import {
  anchorColumns,
  anchorOf,
  type AnchorRow,
  anchorValues,
  columnsOf,
  positionOf,
} from '#read-store/position-columns.js';
import type { ReadStore } from '#read-store/read-store.js';

import type { SubscriptionClient } from './follower.js';
import { perStore } from './per-store.js';
import type { Checkpoint, Partition, Scope, Source } from './source.js';
import { Together } from './together.js';

/** A partition as one subscription follows it. */
export interface OwnPartition extends Partition {
  readonly subscription: string;
  readonly source: Source<unknown>['name'];
}

/** The end of a partition as it was last seen. */
export interface SeenEnd extends Partition {
  readonly subscription: string;
  readonly end: bigint;
}

export type CheckpointState = 'building' | 'running' | 'paused' | 'stopped';

interface CheckpointRow extends AnchorRow {
  state: CheckpointState;
  source: Source<unknown>['name'];
  next_offset: string;
  record_offset: string | null;
  held_by: string | null;
}

/** The checkpoint is not where this batch begins: another process moved it, or it was paused or dropped. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
  constructor() {
    super('the checkpoint is not where this batch begins');
  }
}

/** The subscription runs on another source by now: this process has to end. */
export class SourceChanged extends Error {
  override readonly name = 'SourceChanged';
  constructor({ subscription, source }: OwnPartition) {
    super(`subscription ${subscription} was reset to another source than ${source}`);
  }
}

export interface Opened {
  readonly checkpoint: Checkpoint;
  readonly state: CheckpointState;
  /** The process before did not release it: it may have died of the next event. */
  readonly interrupted: boolean;
}

const keyOf = ({ subscription, scope, partition }: OwnPartition): unknown[] => [
  subscription,
  scope,
  partition,
];
const ofPartition = 'subscription = $1 and scope = $2 and partition = $3';

/**
 * Opens the checkpoint and notes `holder` as the one that applies events. Undefined where there is none.
 * A partition that is new begins behind the last reset; builds of a projection are made by whoever plans them.
 *
 * Throws `SourceChanged`.
 */
export const openCheckpoint = async (
  store: ReadStore,
  own: OwnPartition,
  holder: string,
): Promise<Opened | undefined> =>
  store.transaction(async (client) => {
    // Shared: a reset that is under way is waited for, and its floor is what counts.
    await client.query(
      `insert into subscription.checkpoint
         (subscription, scope, partition, source, state, next_offset, commit_position, prepare_position)
       select name, $2, $3, source, case when paused then 'paused' else 'running' end,
              case source when 'log' then coalesce(floor_commit_position, 0) else 0 end,
              floor_commit_position, floor_prepare_position
         from subscription.subscription
        where name = $1 and kind <> 'projection' and source = $4 for share
       on conflict do nothing`,
      [...keyOf(own), own.source],
    );
    const { rows } = await client.query<CheckpointRow>(
      `select state, source, next_offset, ${anchorColumns}, record_offset, holder as held_by
         from subscription.checkpoint where ${ofPartition} for update`,
      keyOf(own),
    );
    const [row] = rows;
    if (!row) return requireSource(client, own);
    if (row.source !== own.source) throw new SourceChanged(own);
    await client.query(`update subscription.checkpoint set holder = $4 where ${ofPartition}`, [
      ...keyOf(own),
      holder,
    ]);
    return {
      checkpoint: checkpointOf(row),
      state: row.state,
      interrupted: row.held_by !== null && row.held_by !== holder,
    };
  });

/** Throws `SourceChanged` where the row is missing because the subscription runs on another source. */
const requireSource = async (client: SubscriptionClient, own: OwnPartition): Promise<undefined> => {
  const { rowCount } = await client.query(
    'select from subscription.subscription where name = $1 and source <> $2',
    [own.subscription, own.source],
  );
  if (rowCount !== 0) throw new SourceChanged(own);
};

const checkpointOf = (row: CheckpointRow): Checkpoint => ({
  nextOffset: BigInt(row.next_offset),
  position: positionOf(row),
  recordOffset: row.record_offset === null ? undefined : BigInt(row.record_offset),
  ...(row.source === 'log' && { anchor: anchorOf(row) }),
});

/** Released in order: the process that acquires it next has nothing to isolate. */
export const releaseCheckpoint = async (
  { pool }: ReadStore,
  own: OwnPartition,
  holder: string,
): Promise<void> => {
  await pool.query(
    `update subscription.checkpoint set holder = null where ${ofPartition} and holder = $4`,
    [...keyOf(own), holder],
  );
};

/** What a step did, beside moving. */
export interface StepCounts {
  /** Events or records, those included that were passed over. */
  readonly count: number;
  readonly done: number;
  /** Repeated, discarded, or not of the follower's concern. */
  readonly skipped: number;
  /** Of the last event, ISO 8601. */
  readonly recordedAt?: string | undefined;
  /** The end of the partition as it was seen, in the unit of `nextOffset`. */
  readonly end?: bigint | undefined;
}

/** What a step has to heed; known from the statement that moves the checkpoint. */
export interface Moved {
  readonly hasParked: boolean;
  readonly hasAttempts: boolean;
  readonly hasDiscarded: boolean;
}

/**
 * The fence. Moves the checkpoint from `from` to `to`. On success the row stays locked until the
 * transaction ends. Throws `Fenced`: then the transaction has to be rolled back.
 */
export const moveCheckpoint = async (
  client: SubscriptionClient,
  own: OwnPartition,
  state: Scope['state'],
  from: Checkpoint,
  to: Checkpoint,
  { count, done, skipped, recordedAt, end }: StepCounts,
): Promise<Moved> => {
  const { rows } = await client.query<Moved>(
    `update subscription.checkpoint
        set next_offset = $9, commit_position = $10, prepare_position = $11, record_offset = $12,
            recorded_at = coalesce($13, recorded_at), end_offset = coalesce($14, end_offset),
            anchor_commit = coalesce($15, anchor_commit), anchor_prepare = coalesce($16, anchor_prepare),
            anchor_id = coalesce($17, anchor_id),
            events = events + $18, done = done + $19, skipped = skipped + $20,
            moved_at = clock_timestamp(), error = null, log_replaced = false,
            caught_up_at = case when $9 >= coalesce($14, end_offset) then clock_timestamp() else caught_up_at end
      where ${ofPartition} and source = $4 and state = $5 and next_offset = $6
        and commit_position is not distinct from $7 and prepare_position is not distinct from $8
      returning
        exists (select from subscription.parked p where p.subscription = $1 and p.scope = $2) as "hasParked",
        exists (select from subscription.attempt a where a.subscription = $1 and a.scope = $2) as "hasAttempts",
        exists (select from subscription.discarded d where d.subscription = $1) as "hasDiscarded"`,
    [
      ...keyOf(own),
      own.source,
      state,
      from.nextOffset.toString(),
      ...columnsOf(from.position),
      to.nextOffset.toString(),
      ...columnsOf(to.position),
      to.recordOffset?.toString() ?? null,
      recordedAt ?? null,
      end?.toString() ?? null,
      ...anchorValues(to.anchor),
      count,
      done,
      skipped,
    ],
  );
  const [moved] = rows;
  if (!moved) throw new Fenced();
  return moved;
};

/** So many of the events that a move counted as done were not: their key has parked events, or they are discarded. */
export const countLess = async (
  client: SubscriptionClient,
  own: OwnPartition,
  count: number,
): Promise<void> => {
  await client.query(`update subscription.checkpoint set done = done - $4 where ${ofPartition}`, [
    ...keyOf(own),
    count,
  ]);
};

/** An event that cannot be handled stops the partition, where order is global. Throws `Fenced`. */
export const stopCheckpoint = async (
  client: SubscriptionClient,
  own: OwnPartition,
  state: Scope['state'],
  at: Checkpoint,
  error: string,
): Promise<void> => {
  const { rowCount } = await client.query(
    `update subscription.checkpoint set state = 'stopped', error = $8
      where ${ofPartition} and state = $4 and next_offset = $5
        and commit_position is not distinct from $6 and prepare_position is not distinct from $7`,
    [...keyOf(own), state, at.nextOffset.toString(), ...columnsOf(at.position), error],
  );
  if (rowCount === 0) throw new Fenced();
};

/** Notes what the partition waits for; the next batch clears it. */
export const noteWaiting = async (
  { pool }: ReadStore,
  own: OwnPartition,
  reason: string,
): Promise<void> => {
  await pool.query(
    `update subscription.checkpoint set error = $4
      where ${ofPartition} and state in ('building', 'running') and error is distinct from $4`,
    [...keyOf(own), reason],
  );
};

/** Notes that the log is not the one that was followed, or, without a reason, that it is again. */
export const noteLog = async (
  { pool }: ReadStore,
  own: OwnPartition,
  replaced?: string,
): Promise<void> => {
  await pool.query(
    `update subscription.checkpoint set log_replaced = $4::text is not null, error = $4
      where ${ofPartition} and (log_replaced or $4::text is not null)
        and (log_replaced, error) is distinct from ($4::text is not null, $4::text)`,
    [...keyOf(own), replaced ?? null],
  );
};

/** Ends of partitions as they were seen, noted together. Those that a batch is moving just now are left out. */
export const notedEnds = perStore(
  ({ pool }) =>
    new Together<readonly SeenEnd[], undefined>(async (noted) => {
      const ends = noted.flat();
      if (ends.length === 0) return [];
      await pool.query(
        `update subscription.checkpoint o
            set end_offset = seen.end_offset,
                caught_up_at = case when o.next_offset >= seen.end_offset then clock_timestamp() else o.caught_up_at end
           from (select c.subscription, c.scope, c.partition, s.end_offset
                   from subscription.checkpoint c
                   join unnest($1::text[], $2::text[], $3::integer[], $4::numeric[])
                        as s(subscription, scope, partition, end_offset)
                     using (subscription, scope, partition)
                    for update of c skip locked) seen
          where o.subscription = seen.subscription and o.scope = seen.scope
            and o.partition = seen.partition`,
        [
          ends.map(({ subscription }) => subscription),
          ends.map(({ scope }) => scope),
          ends.map(({ partition }) => partition),
          ends.map(({ end }) => end.toString()),
        ],
      );
      return [];
    }),
);
