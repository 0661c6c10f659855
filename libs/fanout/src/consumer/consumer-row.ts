import type { Position } from '#event-log/event-log.js';
import type { Anchor } from '#event-log/log-check.js';
import { anchorValues, columnsOf, positionOf, type PositionRow } from '#read-store/builds.js';
import type { ReadStore } from '#read-store/read-store.js';

import type { ConsumerClient } from '../consumer.js';
import type { Transport } from '../transport/transport.js';
import type { ConsumerStatus } from './status.js';

/** What `fanout.consumer` says besides how it is. */
export interface ConsumerRow {
  readonly transport: Transport['name'];
  /** Of the last control event that was carried out; -1 before the first. */
  readonly controlRevision: bigint;
  /** That event, or one that was in the log before the first: by it the log is known again. */
  readonly controlAnchor?: Anchor | undefined;
}

export const readConsumer = async (
  { pool }: ReadStore,
  consumer: string,
): Promise<ConsumerRow | undefined> => {
  const { rows } = await pool.query<
    PositionRow & {
      transport: Transport['name'];
      control_revision: string | null;
      id: string | null;
    }
  >(
    `select transport, control_revision, control_anchor_id as id,
            control_anchor_commit as commit_position, control_anchor_prepare as prepare_position
       from fanout.consumer where name = $1`,
    [consumer],
  );
  const [row] = rows;
  if (!row) return undefined;
  const position = positionOf(row);
  return {
    transport: row.transport,
    controlRevision: BigInt(row.control_revision ?? -1),
    controlAnchor: position && { position, id: row.id ?? undefined },
  };
};

/** By which event the consumer knows the log again, where it knew none. */
export const noteControlAnchor = async (
  { pool }: ReadStore,
  consumer: string,
  anchor: Anchor | undefined,
): Promise<void> => {
  await pool.query(
    `update fanout.consumer
        set control_anchor_commit = $2, control_anchor_prepare = $3, control_anchor_id = $4
      where name = $1 and control_anchor_commit is null`,
    [consumer, ...anchorValues(anchor)],
  );
};

/** A consumer that runs for the first time: what was asked of an earlier one's tables is not asked of these. */
export const createConsumer = async (
  { pool }: ReadStore,
  consumer: string,
  { transport, controlRevision, controlAnchor }: ConsumerRow,
): Promise<void> => {
  await pool.query(
    `insert into fanout.consumer
       (name, transport, control_revision, control_anchor_commit, control_anchor_prepare,
        control_anchor_id, state)
     values ($1, $2, $3, $4, $5, $6, 'waiting') on conflict do nothing`,
    [consumer, transport, revisionColumn(controlRevision), ...anchorValues(controlAnchor)],
  );
};

/** From a revision of the control stream to the event that was carried out, or passed over. */
export interface ControlMove {
  readonly from: bigint;
  readonly to: bigint;
  /** The event at `to`; where none is there, another one of the log. */
  readonly anchor: Anchor;
  readonly outcome: string;
}

/**
 * Notes that a control event was carried out, and with what outcome. False when it was already: the
 * transaction must be rolled back. Locks the row: no partition is opened until the transaction ends.
 */
export const moveControl = async (
  client: ConsumerClient,
  consumer: string,
  { from, to, anchor, outcome }: ControlMove,
): Promise<boolean> => {
  const { rowCount } = await client.query(
    `update fanout.consumer
        set control_revision = $3, control_outcome = $4, control_at = clock_timestamp(),
            control_anchor_commit = $5, control_anchor_prepare = $6, control_anchor_id = $7
      where name = $1 and control_revision is not distinct from $2`,
    [consumer, revisionColumn(from), revisionColumn(to), outcome, ...anchorValues(anchor)],
  );
  return rowCount === 1;
};

/** From here on the consumer runs on `transport` and takes what comes after `floor`. */
export const setFloor = async (
  client: ConsumerClient,
  consumer: string,
  transport: Transport['name'],
  floor: Position | undefined,
): Promise<void> => {
  await client.query(
    `update fanout.consumer
        set transport = $2, floor_commit_position = $3, floor_prepare_position = $4
      where name = $1`,
    [consumer, transport, ...columnsOf(floor)],
  );
};

/** For people: nothing is decided by it. */
export const noteState = async (
  { pool }: ReadStore,
  { consumer, state, reason }: Pick<ConsumerStatus, 'consumer' | 'state' | 'reason'>,
): Promise<void> => {
  await pool.query(
    'update fanout.consumer set state = $2, reason = $3, noted_at = clock_timestamp() where name = $1',
    [consumer, state, reason ?? null],
  );
};

const revisionColumn = (revision: bigint): string | null =>
  revision < 0n ? null : revision.toString();
