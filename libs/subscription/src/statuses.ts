import type { Position } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';
import { positionOf, type PositionRow } from '#read-store/position-columns.js';
import type { ReadStore } from '#read-store/read-store.js';

import type {
  CheckpointResponse,
  ProjectionResponse,
  SubscriptionResponse,
} from './bodies.http.js';
import type { CheckpointState } from './checkpoints.js';
import type { Kind } from './follower.js';
import type { KnownSubscriptions } from './known-subscriptions.js';
import { type ProjectionStatus, projectionStatus } from './projection/projection-status.js';

/** A subscription that recorded nothing for so long does not run. */
const silentMs = 20_000;

interface SubscriptionRow {
  name: string;
  kind: Kind;
  version: number;
  source: 'kafka' | 'log';
  state: 'running' | 'waiting' | 'stopped';
  reason: string | null;
  noted_at: Date;
  is_silent: boolean;
  paused: boolean;
  control_revision: string | null;
  control_outcome: string | null;
  control_at: Date | null;
  parked: string;
}

interface PartitionRow extends PositionRow {
  subscription: string;
  scope: string;
  partition: number;
  state: CheckpointState;
  next_offset: string;
  end_offset: string | null;
  behind_seconds: string | null;
  events: string;
  done: string;
  skipped: string;
}

/** Every subscription that this version knows or that ever ran, or the one that is named. */
export const subscriptionStatuses = async (
  store: ReadStore,
  known: KnownSubscriptions,
  head: Position | undefined,
  name?: string,
): Promise<SubscriptionResponse[]> => {
  const { rows } = await store.pool.query<SubscriptionRow>(
    `select name, kind, version, source, state, reason, noted_at, paused,
            noted_at < clock_timestamp() - $2 * interval '1 millisecond' as is_silent,
            control_revision, control_outcome, control_at,
            (select count(*) from subscription.parked p where p.subscription = s.name) as parked
       from subscription.subscription s
      where $1::text is null or name = $1 order by name, version desc`,
    [name ?? null, silentMs],
  );
  const partitions = await store.pool.query<PartitionRow>(
    `select subscription, scope, partition, state, next_offset, end_offset,
            commit_position, prepare_position,
            case when next_offset >= end_offset then 0
                 else extract(epoch from clock_timestamp() - greatest(recorded_at, caught_up_at))
            end as behind_seconds,
            events, done, skipped
       from subscription.checkpoint
      where $1::text is null or subscription = $1
      order by subscription, length(scope), scope, partition`,
    [name ?? null],
  );
  const projections = await projectionStatus(
    store,
    known.all.filter(({ kind }) => kind === 'projection'),
    head,
  );
  const names = new Set([...known.all, ...rows, ...projections].map((one) => one.name));
  return [...names]
    .filter((one) => name === undefined || one === name)
    .sort()
    .map((one) => {
      const version = known.find(one)?.version;
      const own = rows.filter((row) => row.name === one);
      const row = own.find((each) => each.version === version) ?? own[0];
      const of = partitions.rows.filter(({ subscription }) => subscription === one);
      const projection = projections.find((each) => each.name === one) ?? null;
      const kind = row?.kind ?? known.find(one)?.kind ?? 'projection';
      return overviewOf(one, kind, row, of, projection);
    });
};

const overviewOf = (
  name: string,
  kind: Kind,
  row: SubscriptionRow | undefined,
  rows: readonly PartitionRow[],
  projection: ProjectionStatus | null,
): SubscriptionResponse => {
  const partitions = rows.map(partitionOf);
  const state = stateOf(row, projection);
  // Nothing that is new was seen: there may well be something.
  const nothingUnlessSeen = (count: number | null): number | null =>
    count === 0 && state !== 'running' ? null : count;
  const lags = partitions.flatMap(({ lagSeconds }) => lagSeconds ?? []);
  const pending = row?.source === 'kafka' ? pendingOf(rows) : null;
  return {
    ...{ name, kind, source: row?.source ?? 'log', state },
    reason: reasonOf(row, state, projection),
    notedAt: row?.noted_at.toISOString() ?? null,
    lagSeconds: projection
      ? projection.lagSeconds
      : nothingUnlessSeen(lags.length > 0 ? Math.max(...lags) : null),
    pending: projection ? projection.pending : nothingUnlessSeen(pending),
    parked: Number(row?.parked ?? 0),
    control: row ? controlOf(row) : null,
    partitions,
    projection: projection && tablesOf(projection),
  };
};

const tablesOf = (status: ProjectionStatus): ProjectionResponse => {
  const { version, builtVersion, activeBuild, position, events, build, others } = status;
  return { version, builtVersion, activeBuild, position, events, build, others };
};

const stateOf = (
  row: SubscriptionRow | undefined,
  projection: ProjectionStatus | null,
): SubscriptionResponse['state'] => {
  const isSilent = row === undefined || row.is_silent;
  if (!projection) {
    if (isSilent) return 'down';
    return row.paused && row.state === 'running' ? 'paused' : row.state;
  }
  const followed = projection.state === 'running' || projection.state === 'building';
  if (!followed) return projection.state;
  if (isSilent) return 'down';
  return row.state === 'waiting' ? 'waiting' : projection.state;
};

const reasonOf = (
  row: SubscriptionRow | undefined,
  state: SubscriptionResponse['state'],
  projection: ProjectionStatus | null,
): string | null => {
  const reason = projection?.error ?? projection?.build?.error ?? row?.reason ?? null;
  if (state !== 'down') return reason;
  if (!row) return 'it has never run';
  const silence = `it recorded nothing since ${row.noted_at.toISOString()}`;
  return reason === null ? silence : `${silence}: ${reason}`;
};

const controlOf = ({
  control_revision: revision,
  control_outcome: outcome,
  control_at: at,
}: SubscriptionRow): SubscriptionResponse['control'] =>
  revision !== null && outcome !== null && at ? { revision, outcome, at: at.toISOString() } : null;

const partitionOf = (row: PartitionRow): CheckpointResponse => {
  const position = positionOf(row);
  const { scope, partition, state, behind_seconds: behind } = row;
  return {
    ...{ scope, partition, state },
    nextOffset: row.next_offset,
    endOffset: row.end_offset,
    position: position ? formatPosition(position) : null,
    lagSeconds: behind === null ? null : Math.max(0, Math.round(Number(behind) * 10) / 10),
    events: Number(row.events),
    done: Number(row.done),
    skipped: Number(row.skipped),
  };
};

const pendingOf = (rows: readonly PartitionRow[]): number =>
  rows.reduce((sum, { next_offset: next, end_offset: end }) => {
    const left = end === null ? 0n : BigInt(end) - BigInt(next);
    return sum + Math.max(0, Number(left));
  }, 0);
