import type { Position } from '#event-log/event-log.js';
import { columnsOf } from '#read-store/builds.js';
import type { ReadStore } from '#read-store/read-store.js';

import type { ConsumerClient } from '../consumer.js';
import type { Transport } from '../transport/transport.js';
import type { ConsumerStatus } from './status.js';

/** What `fanout.consumer` says besides how it is. */
export interface ConsumerRow {
  readonly transport: Transport['name'];
  /** Of the last control event that was carried out; -1 before the first. */
  readonly controlRevision: bigint;
  /** That event, by which the stream is known again; undefined before the first. */
  readonly controlAnchor?: ControlAnchor | undefined;
}

export interface ControlAnchor {
  readonly revision: bigint;
  /** Undefined where it was carried out before ids were kept: then any event there will do. */
  readonly id: string | undefined;
}

export const readConsumer = async (
  { pool }: ReadStore,
  consumer: string,
): Promise<ConsumerRow | undefined> => {
  const { rows } = await pool.query<{
    transport: Transport['name'];
    control_revision: string | null;
    anchor_revision: string | null;
    id: string | null;
  }>(
    `select transport, control_revision, control_anchor_id as id,
            coalesce(control_anchor_revision, control_revision) as anchor_revision
       from fanout.consumer where name = $1`,
    [consumer],
  );
  const [row] = rows;
  if (!row) return undefined;
  const { transport, control_revision: revision, anchor_revision: anchor, id } = row;
  const controlAnchor =
    anchor === null ? undefined : { revision: BigInt(anchor), id: id ?? undefined };
  return { transport, controlRevision: BigInt(revision ?? -1), controlAnchor };
};

/** A consumer that runs for the first time: what was asked of an earlier one's tables is not asked of these. */
export const createConsumer = async (
  { pool }: ReadStore,
  consumer: string,
  { transport, controlRevision, controlAnchor }: ConsumerRow,
): Promise<void> => {
  await pool.query(
    `insert into fanout.consumer
       (name, transport, control_revision, control_anchor_revision, control_anchor_id, state)
     values ($1, $2, $3, $3, $4, 'waiting') on conflict do nothing`,
    [consumer, transport, revisionColumn(controlRevision), controlAnchor?.id ?? null],
  );
};

/** From a revision of the control stream to the event that was carried out, or passed over. */
export interface ControlMove {
  readonly from: bigint;
  readonly to: bigint;
  readonly id?: string | undefined;
  readonly outcome: string;
}

/**
 * Notes that a control event was carried out, and with what outcome. False when it was already: the
 * transaction must be rolled back. Locks the row: no partition is opened until the transaction ends.
 */
export const moveControl = async (
  client: ConsumerClient,
  consumer: string,
  { from, to, id, outcome }: ControlMove,
): Promise<boolean> => {
  const { rowCount } = await client.query(
    `update fanout.consumer
        set control_revision = $3, control_anchor_revision = $3, control_anchor_id = $5,
            control_outcome = $4, control_at = clock_timestamp()
      where name = $1 and control_revision is not distinct from $2`,
    [consumer, revisionColumn(from), revisionColumn(to), outcome, id ?? null],
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
