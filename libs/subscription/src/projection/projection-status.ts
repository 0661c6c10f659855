import type { EventLog, Position } from '#event-log/event-log.js';
import { comparePositions, formatPosition } from '#event-log/position.js';
import { positionOf, type PositionRow } from '#read-store/position-columns.js';
import type { ReadStore } from '#read-store/read-store.js';
import type { ProjectionVersion } from '#read-store/schema-names.js';

import type { BuildProgressResponse, ProjectionResponse } from '../bodies.http.js';
import type { CheckpointState } from '../checkpoints.js';
import { fromBuilds } from './builds.js';

type ShownState = CheckpointState | 'log-replaced';

/** How a projection stands, by its tables. */
export interface ProjectionStatus extends ProjectionResponse {
  readonly name: string;
  /**
   * running: queries are answered. building, paused, stopped: see `build`, or the error. outdated: not built
   * for this code. log-replaced: the log is not the one that it was built from, see the error.
   */
  readonly state: ShownState | 'outdated';
  /** Events that other projections have counted and this one has not. Null as the lag. */
  readonly pending: number | null;
  /** 0 at the end of the log; else the time since it was last there. Null before the first build is done, and on another log. */
  readonly lagSeconds: number | null;
  readonly parked: number;
  readonly error: string | null;
}

interface StatusRow extends PositionRow {
  name: string;
  active: boolean;
  build: number;
  version: number;
  state: CheckpointState;
  log_replaced: boolean;
  events: string;
  parked: string;
  error: string | null;
  behind_seconds: string | null;
}

/** The newest event that is not a system event: what projections can reach. */
export const newestPosition = async (
  log: Pick<EventLog, 'readAll'>,
): Promise<Position | undefined> => {
  let after: Position | undefined;
  for (let limit = 16; ; limit = Math.min(limit * 4, 1_000)) {
    const page = await log.readAll({ direction: 'backwards', limit, ...(after && { after }) });
    const [newest] = page.events;
    if (newest || page.atEnd) return newest?.position;
    after = page.next;
  }
};

/**
 * How each projection stands. `head` is the newest position of the log, where it is known: a
 * projection that reached it has no lag, however old its last event is.
 */
export const projectionStatus = async (
  store: ReadStore,
  projections: readonly ProjectionVersion[],
  head?: Position,
): Promise<ProjectionStatus[]> => {
  const { rows } = await store.pool.query<StatusRow>(
    `select b.projection as name, b.active, b.build, b.version, c.state, c.log_replaced,
            c.commit_position, c.prepare_position, c.events, c.error,
            (select count(*) from subscription.parked p
              where p.subscription = c.subscription and p.scope = c.scope) as parked,
            extract(epoch from now() - greatest(c.recorded_at, c.caught_up_at)) as behind_seconds
       ${fromBuilds} order by b.projection, b.build`,
  );
  const ofThisLog = rows.filter((row) => !row.log_replaced);
  const counted = Math.max(0, ...ofThisLog.map(({ events }) => Number(events)));
  const names = [
    ...new Set([...projections.map(({ name }) => name), ...rows.map(({ name }) => name)]),
  ];
  return names.sort().map((name) => {
    const own = rows.filter((row) => row.name === name);
    const version = projections.find((projection) => projection.name === name)?.version ?? null;
    return statusOf(name, version, own, counted, head);
  });
};

const statusOf = (
  name: string,
  version: number | null,
  rows: readonly StatusRow[],
  counted: number,
  head: Position | undefined,
): ProjectionStatus => {
  const built = rows.filter((row) => row.active).sort((a, b) => b.version - a.version);
  const active = built.find((row) => row.version === version) ?? built[0];
  const own = version ?? active?.version;
  const isFollowing = active && !active.log_replaced;
  const next = rows.find((row) => !row.active && (own === undefined || row.version === own));
  return {
    name,
    version,
    builtVersion: active?.version ?? null,
    activeBuild: active?.build ?? null,
    state: stateOf(version, active, next),
    position: active ? textOf(active) : null,
    events: Number(active?.events ?? 0),
    pending: isFollowing ? counted - Number(active.events) : null,
    lagSeconds: isFollowing ? lagOf(active, head) : null,
    parked: Number(active?.parked ?? 0),
    error: active?.error ?? null,
    build: next ? progressOf(next, counted) : null,
    others: rows
      .filter((row) => row !== active && row !== next)
      .map((row) => progressOf(row, counted)),
  };
};

const stateOf = (
  version: number | null,
  active: StatusRow | undefined,
  next: StatusRow | undefined,
): ProjectionStatus['state'] => {
  if (active && (version === null || active.version === version)) return shownState(active);
  return next ? shownState(next) : 'outdated';
};

const shownState = ({ state, log_replaced: isReplaced }: StatusRow): ShownState =>
  isReplaced ? 'log-replaced' : state;

const textOf = (row: PositionRow): string | null => {
  const position = positionOf(row);
  return position ? formatPosition(position) : null;
};

const lagOf = (row: StatusRow, head: Position | undefined): number => {
  const position = positionOf(row);
  if (head && position && comparePositions(position, head) >= 0) return 0;
  return Math.max(0, Math.round(Number(row.behind_seconds ?? 0) * 10) / 10);
};

const progressOf = (row: StatusRow, counted: number): BuildProgressResponse => {
  const events = Number(row.events);
  return {
    build: row.build,
    version: row.version,
    state: shownState(row),
    position: textOf(row),
    events,
    percent: counted > events ? Math.floor((events / counted) * 1_000) / 10 : null,
    parked: Number(row.parked),
    error: row.error,
  };
};
