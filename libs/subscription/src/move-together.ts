import { anchorValues, columnsOf } from '#read-store/position-columns.js';
import { prepared } from '#read-store/prepared.js';

import type { Moved, OwnPartition, StepCounts } from './checkpoints.js';
import type { SubscriptionClient } from './follower.js';
import type { Checkpoint, Scope } from './source.js';

/** A checkpoint from where it is to where it shall be. */
export interface Move {
  readonly own: OwnPartition;
  readonly state: Scope['state'];
  readonly from: Checkpoint;
  readonly to: Checkpoint;
  readonly counts: StepCounts;
}

/**
 * As `moveCheckpoint` for each of `moves`, in one statement; undefined for those that are not where their move
 * begins, and for those that somebody else has locked: these are not waited for.
 */
export const moveTogether = async (
  client: SubscriptionClient,
  moves: readonly Move[],
): Promise<readonly (Moved | undefined)[]> => {
  const values = [JSON.stringify(moves.map(rowOf))];
  const { rows } = await client.query<Moved & { n: number }>(prepared(text, values));
  const moved = new Map(rows.map((row) => [row.n, row]));
  return moves.map((_, index) => moved.get(index));
};

const rowOf = ({ own, state, from, to, counts }: Move, n: number): object => {
  const [fromCommit, fromPrepare] = columnsOf(from.position);
  const [toCommit, toPrepare] = columnsOf(to.position);
  const [anchorCommit, anchorPrepare, anchorId] = anchorValues(to.anchor);
  const { subscription, scope, partition, source } = own;
  const { count, done, skipped, recordedAt, end } = counts;
  return {
    ...{ n, subscription, scope, partition, source, state },
    ...{ from_offset: from.nextOffset.toString(), from_commit: fromCommit },
    ...{ from_prepare: fromPrepare, to_offset: to.nextOffset.toString(), to_commit: toCommit },
    ...{ to_prepare: toPrepare, record_offset: to.recordOffset?.toString() },
    ...{ recorded_at: recordedAt, end_offset: end?.toString(), anchor_commit: anchorCommit },
    ...{ anchor_prepare: anchorPrepare, anchor_id: anchorId, count, done, skipped },
  };
};

// The configuration is the transaction's: losing these moves in a crash of the server has the events read again.
const text = `
  update subscription.checkpoint c
     set next_offset = w.to_offset, commit_position = w.to_commit, prepare_position = w.to_prepare,
         record_offset = w.record_offset, recorded_at = coalesce(w.recorded_at, c.recorded_at),
         end_offset = coalesce(w.end_offset, c.end_offset),
         anchor_commit = coalesce(w.anchor_commit, c.anchor_commit),
         anchor_prepare = coalesce(w.anchor_prepare, c.anchor_prepare),
         anchor_id = coalesce(w.anchor_id, c.anchor_id),
         events = c.events + w.count, done = c.done + w.done, skipped = c.skipped + w.skipped,
         moved_at = clock_timestamp(), error = null, log_replaced = false,
         caught_up_at = case when w.to_offset >= coalesce(w.end_offset, c.end_offset)
                             then clock_timestamp() else c.caught_up_at end
    from (select w.*
            from jsonb_to_recordset($1::jsonb) as w(
                   n integer, subscription text, scope text, partition integer, source text, state text,
                   from_offset numeric, from_commit numeric, from_prepare numeric,
                   to_offset numeric, to_commit numeric, to_prepare numeric, record_offset numeric,
                   recorded_at timestamptz, end_offset numeric, anchor_commit numeric,
                   anchor_prepare numeric, anchor_id uuid, count bigint, done bigint, skipped bigint)
            join subscription.checkpoint l using (subscription, scope, partition)
           where l.source = w.source and l.state = w.state and l.next_offset = w.from_offset
             and l.commit_position is not distinct from w.from_commit
             and l.prepare_position is not distinct from w.from_prepare
             for update of l skip locked) w,
         (select set_config('synchronous_commit', 'off', true)) quick
   where c.subscription = w.subscription and c.scope = w.scope and c.partition = w.partition
     and c.state = w.state and c.next_offset = w.from_offset
  returning w.n,
    exists (select from subscription.parked p where p.subscription = c.subscription and p.scope = c.scope) as "hasParked",
    exists (select from subscription.attempt a where a.subscription = c.subscription and a.scope = c.scope) as "hasAttempts",
    exists (select from subscription.discarded d where d.subscription = c.subscription) as "hasDiscarded"`;
