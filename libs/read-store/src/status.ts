import { setTimeout as sleep } from 'node:timers/promises';

import type { EventLog, Position } from '#event-log/event-log.js';
import { comparePositions, formatPosition } from '#event-log/position.js';
import { Refusal } from '#kernel/refusal.js';

import { type BuildStatus, positionOf, type PositionRow } from './builds.js';
import type { ProjectionVersion } from './projection.js';
import type { ReadStore } from './read-store.js';

export type ShownState = BuildStatus | 'log-replaced';

/** A build that is not the active one of its version (yet), or that is of another version. */
export interface BuildProgress {
  readonly build: number;
  readonly version: number;
  readonly state: ShownState;
  readonly position: string | null;
  readonly events: number;
  /** Of the events that are known to be in the log; null while nothing else has counted them. */
  readonly percent: number | null;
  readonly parked: number;
  readonly error: string | null;
}

export interface ProjectionStatus {
  readonly name: string;
  /** Of the running code; null for a projection that the code no longer has. */
  readonly version: number | null;
  /** Of the tables that the fields below are about: the running code's, else the newest. Null before a first build is done. */
  readonly builtVersion: number | null;
  /** Number of that build: another one after each switch. Null before the first is done. */
  readonly activeBuild: number | null;
  /**
   * live: queries are answered. building, paused, stopped: see `build`, or the error. outdated: not built
   * for this code. log-replaced: the log is not the one that it was built from, see the error.
   */
  readonly state: ShownState | 'outdated';
  readonly position: string | null;
  readonly events: number;
  /** Events that other projections have counted and this one has not. Null as the lag. */
  readonly pending: number | null;
  /** 0 at the end of the log; else the time since it was last there. Null before the first build is done, and on another log. */
  readonly lagSeconds: number | null;
  readonly parked: number;
  readonly error: string | null;
  readonly build: BuildProgress | null;
  /** Builds of other versions: for a roll-back, of processes that still run, or to be dropped. */
  readonly others: readonly BuildProgress[];
}

interface StatusRow extends PositionRow {
  name: string;
  active: boolean;
  build: number;
  version: number;
  status: BuildStatus;
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
    `select projection as name, active, build, version, status, log_replaced,
            commit_position, prepare_position, events, parked, error,
            extract(epoch from now() - greatest(event_created, caught_up_at)) as behind_seconds
       from read_store.build order by projection, build`,
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

const shownState = ({ status, log_replaced: isReplaced }: StatusRow): ShownState =>
  isReplaced ? 'log-replaced' : status;

const textOf = (row: PositionRow): string | null => {
  const position = positionOf(row);
  return position ? formatPosition(position) : null;
};

const lagOf = (row: StatusRow, head: Position | undefined): number => {
  const position = positionOf(row);
  if (head && position && comparePositions(position, head) >= 0) return 0;
  return Math.max(0, Math.round(Number(row.behind_seconds ?? 0) * 10) / 10);
};

const progressOf = (row: StatusRow, counted: number): BuildProgress => {
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

/** A positive answer holds for so long: builds are only ever replaced by complete ones. */
const knownMs = 1_000;
/** Tables that hold less than those of another version are read until they are so far behind. */
const maxBehindSeconds = 15;
const built = new WeakMap<ReadStore, Map<string, number>>();

/**
 * Resolves when the tables that this version of the code reads are there.
 *
 * Throws a `Refusal` (unavailable) with the progress until then: `PROJECTION_BUILDING`, and
 * `PROJECTION_OUTDATED` where the tables of another version hold more and these are more than 15 s
 * behind. So it is when no projector of this version runs any more, and until one that was started
 * again has caught up.
 */
export const assertBuilt = async (
  store: ReadStore,
  projection: ProjectionVersion,
): Promise<void> => {
  const known = built.get(store) ?? new Map<string, number>();
  built.set(store, known);
  const key = `${projection.name}/${String(projection.version)}`;
  if (performance.now() - (known.get(key) ?? -Infinity) < knownMs) return;
  const [status] = (await projectionStatus(store, [projection])).filter(
    ({ name }) => name === projection.name,
  );
  if (status?.builtVersion !== projection.version) throw notBuilt(projection, status);
  if (isOutdated(status)) throw outdated(projection, status);
  known.set(key, performance.now());
};

const isOutdated = ({ position, lagSeconds, others }: ProjectionStatus): boolean => {
  const held = BigInt(position ?? 0);
  const isBehind = others.some((other) => BigInt(other.position ?? 0) > held);
  return isBehind && (lagSeconds ?? 0) > maxBehindSeconds;
};

/** Resolves when queries are answered from all of them: true, or after `timeoutMs`: false. */
export const untilBuilt = async (
  store: ReadStore,
  projections: readonly ProjectionVersion[],
  timeoutMs: number,
): Promise<boolean> => {
  const end = performance.now() + timeoutMs;
  while (performance.now() < end) {
    const statuses = await projectionStatus(store, projections);
    const isBuilt = ({ name, version }: ProjectionVersion): boolean =>
      statuses.some((status) => status.name === name && status.builtVersion === version);
    if (projections.every(isBuilt)) return true;
    await sleep(20);
  }
  return false;
};

const outdated = (
  { name, version }: ProjectionVersion,
  { events, pending, position, lagSeconds, state }: ProjectionStatus,
): Refusal => {
  const all = events + (pending ?? 0);
  const percent = all > 0 ? Math.floor((events / all) * 1_000) / 10 : null;
  return new Refusal(
    'PROJECTION_OUTDATED',
    'unavailable',
    `version ${String(version)} of ${name} is ${String(lagSeconds)} s behind (${String(events)} of ${String(all)} events), while another version of Voltrace is ahead: a projector of this version brings it up`,
    { retryAfterSeconds: 5, progress: { percent, events, position, state } },
  );
};

const notBuilt = ({ name }: ProjectionVersion, status: ProjectionStatus | undefined): Refusal => {
  const build = status?.build;
  const percent = build?.percent ?? null;
  const progress = build
    ? `${String(build.events)} events so far${percent === null ? '' : `, ${String(percent)} %`}`
    : 'not started yet';
  return new Refusal(
    'PROJECTION_BUILDING',
    'unavailable',
    `${name} is being built (${progress}); try again`,
    {
      retryAfterSeconds: 2,
      progress: {
        percent,
        events: build?.events ?? 0,
        position: build?.position ?? null,
        state: build?.state ?? null,
      },
    },
  );
};
