import type { Position } from '#event-log/event-log.js';
import type { Anchor } from '#event-log/log-check.js';
import {
  anchorValues,
  columnsOf,
  positionOf,
  type PositionRow,
} from '#read-store/position-columns.js';
import type { ReadStore } from '#read-store/read-store.js';

import type { Kind, SubscriptionClient } from './follower.js';
import { perStore } from './per-store.js';
import type { Source } from './source.js';
import { Together } from './together.js';

/** Which row: versions of a projection run side by side. */
export interface SubscriptionKey {
  readonly name: string;
  readonly version: number;
}

/** What `subscription.subscription` holds besides the status. */
export interface SubscriptionRow {
  readonly source: Source<unknown>['name'];
  /** Of the last control event that was carried out; -1 before the first. */
  readonly controlRevision: bigint;
  /** That event, or one that was in the log before the first: by it the log is recognised. */
  readonly controlAnchor?: Anchor | undefined;
}

export const readSubscription = async (
  { pool }: ReadStore,
  { name, version }: SubscriptionKey,
): Promise<SubscriptionRow | undefined> => {
  const { rows } = await pool.query<
    PositionRow & {
      source: SubscriptionRow['source'];
      control_revision: string | null;
      id: string | null;
    }
  >(
    `select source, control_revision, control_anchor_id as id,
            control_anchor_commit as commit_position, control_anchor_prepare as prepare_position
       from subscription.subscription where name = $1 and version = $2`,
    [name, version],
  );
  const [row] = rows;
  if (!row) return undefined;
  const position = positionOf(row);
  return {
    source: row.source,
    controlRevision: BigInt(row.control_revision ?? -1),
    controlAnchor: position && { position, id: row.id ?? undefined },
  };
};

/** Of the last control events that were carried out, read together; undefined where there is no such subscription. */
export const controlRevisions = perStore(
  ({ pool }) =>
    new Together<SubscriptionKey, bigint | undefined>(async (keys) => {
      const { rows } = await pool.query<{ n: number; revision: string }>(
        `select k.n::int, coalesce(s.control_revision, -1) as revision
           from unnest($1::text[], $2::integer[]) with ordinality as k(name, version, n)
           join subscription.subscription s using (name, version)`,
        [keys.map(({ name }) => name), keys.map(({ version }) => version)],
      );
      const revisions = new Map(rows.map(({ n, revision }) => [n, BigInt(revision)]));
      return keys.map((_, index) => revisions.get(index + 1));
    }),
);

/** By which event the subscription recognises the log, where it knew none. */
export const noteControlAnchor = async (
  { pool }: ReadStore,
  { name, version }: SubscriptionKey,
  anchor: Anchor | undefined,
): Promise<void> => {
  await pool.query(
    `update subscription.subscription
        set control_anchor_commit = $3, control_anchor_prepare = $4, control_anchor_id = $5
      where name = $1 and version = $2 and control_anchor_commit is null`,
    [name, version, ...anchorValues(anchor)],
  );
};

/** A subscription that runs for the first time: what was requested of other tables before does not concern these. */
export const createSubscription = async (
  { pool }: ReadStore,
  { name, version }: SubscriptionKey,
  kind: Kind,
  { source, controlRevision, controlAnchor }: SubscriptionRow,
): Promise<void> => {
  await pool.query(
    `insert into subscription.subscription
       (name, version, kind, source, control_revision, control_anchor_commit, control_anchor_prepare,
        control_anchor_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
    [name, version, kind, source, revisionColumn(controlRevision), ...anchorValues(controlAnchor)],
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

/** Another process carried the control event out: the transaction has to be rolled back. */
export class AlreadyCarriedOut extends Error {
  override readonly name = 'AlreadyCarriedOut';
}

/**
 * Notes that a control event was carried out, and with what outcome. Locks the row: no partition is
 * opened for the first time until the transaction ends. Throws `AlreadyCarriedOut`.
 */
export const moveControl = async (
  client: SubscriptionClient,
  { name, version }: SubscriptionKey,
  { from, to, anchor, outcome }: ControlMove,
): Promise<void> => {
  const { rowCount } = await client.query(
    `update subscription.subscription
        set control_revision = $4, control_outcome = $5, control_at = clock_timestamp(),
            control_anchor_commit = $6, control_anchor_prepare = $7, control_anchor_id = $8
      where name = $1 and version = $2 and control_revision is not distinct from $3`,
    [name, version, revisionColumn(from), revisionColumn(to), outcome, ...anchorValues(anchor)],
  );
  if (rowCount !== 1) throw new AlreadyCarriedOut('another process carried it out');
};

/** From here on the subscription runs on `source` and handles what comes after `floor`. */
export const setFloor = async (
  client: SubscriptionClient,
  { name, version }: SubscriptionKey,
  source: SubscriptionRow['source'],
  floor: Position | undefined,
): Promise<void> => {
  await client.query(
    `update subscription.subscription
        set source = $3, floor_commit_position = $4, floor_prepare_position = $5
      where name = $1 and version = $2`,
    [name, version, source, ...columnsOf(floor)],
  );
};

/** What a process says of a subscription, for people: nothing is decided by it. */
export interface NotedState extends SubscriptionKey {
  readonly state: string;
  readonly reason: string | undefined;
}

/** Notes what is said in one moment together. A row that is being changed just now is left out. */
export const notedStates = perStore(
  ({ pool }) =>
    new Together<NotedState, undefined>(async (noted) => {
      await pool.query(
        `update subscription.subscription s
            set state = w.state, reason = w.reason, noted_at = clock_timestamp()
           from (select k.*
                   from unnest($1::text[], $2::integer[], $3::text[], $4::text[])
                        as k(name, version, state, reason)
                   join subscription.subscription l using (name, version)
                    for no key update of l skip locked) w
          where s.name = w.name and s.version = w.version`,
        [
          noted.map(({ name }) => name),
          noted.map(({ version }) => version),
          noted.map(({ state }) => state),
          noted.map(({ reason }) => reason ?? null),
        ],
      );
      return [];
    }),
);

const revisionColumn = (revision: bigint): string | null =>
  revision < 0n ? null : revision.toString();
