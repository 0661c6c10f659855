import type { Position } from '#event-log/event-log.js';
import type { ReadStore } from '#read-store/read-store.js';

import type { ConsumerClient } from '../consumer.js';
import type { Transport } from '../transport/transport.js';
import { columnsOf } from './places.js';
import type { ConsumerStatus } from './status.js';

/** What `fanout.consumer` says besides how it is. */
export interface ConsumerRow {
  readonly transport: Transport['name'];
  /** Of the last control event that was carried out; -1 before the first. */
  readonly controlRevision: bigint;
}

export const readConsumer = async (
  { pool }: ReadStore,
  consumer: string,
): Promise<ConsumerRow | undefined> => {
  const { rows } = await pool.query<{
    transport: Transport['name'];
    control_revision: string | null;
  }>('select transport, control_revision from fanout.consumer where name = $1', [consumer]);
  const [row] = rows;
  return row && { transport: row.transport, controlRevision: BigInt(row.control_revision ?? -1) };
};

/** A consumer that runs for the first time: what was asked of an earlier one's tables is not asked of these. */
export const createConsumer = async (
  { pool }: ReadStore,
  consumer: string,
  { transport, controlRevision }: ConsumerRow,
): Promise<void> => {
  await pool.query(
    `insert into fanout.consumer (name, transport, control_revision, state)
     values ($1, $2, $3, 'waiting') on conflict do nothing`,
    [consumer, transport, revisionColumn(controlRevision)],
  );
};

/**
 * Notes that a control event was carried out, and with what outcome. False when it was already: the
 * transaction must be rolled back. Locks the row: no partition is opened until the transaction ends.
 */
export const moveControl = async (
  client: ConsumerClient,
  consumer: string,
  { from, to, outcome }: { readonly from: bigint; readonly to: bigint; readonly outcome: string },
): Promise<boolean> => {
  const { rowCount } = await client.query(
    `update fanout.consumer
        set control_revision = $3, control_outcome = $4, control_at = clock_timestamp()
      where name = $1 and control_revision is not distinct from $2`,
    [consumer, revisionColumn(from), to.toString(), outcome],
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
