import type { EventLog } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';
import { newest } from '#event-log/reading.js';
import { positionOf, type PositionRow } from '#read-store/position-columns.js';
import type { ReadStore } from '#read-store/read-store.js';

import type { Publication } from '../fact.js';
import { relayDecider } from './decider.js';
import { type RelayEvent, relayStream } from './events.js';
import { type Backlog, backlogAfter } from './relay-backlog.js';
import type { RelayReport, RelayStateName } from './report.js';

const name = 'main';
/** A relay that says nothing for so long does not run, or cannot reach Postgres. */
const staleSeconds = 10;

/** Writes what the relay says of itself. One that is not in charge leaves the word to the one that is. */
export const noteRelay = async (
  { pool }: ReadStore,
  holder: string,
  report: RelayReport,
): Promise<void> => {
  await pool.query(
    `insert into fanout.relay as r (name, holder, state, state_since, reason, commit_position,
       prepare_position, event_recorded_at, published, transactions, caught_up_at, published_at, noted_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, clock_timestamp())
     on conflict (name) do update set holder = excluded.holder, state = excluded.state,
       state_since = excluded.state_since, reason = excluded.reason,
       commit_position = case when $14 then excluded.commit_position else r.commit_position end,
       prepare_position = case when $14 then excluded.prepare_position else r.prepare_position end,
       event_recorded_at = coalesce(excluded.event_recorded_at, r.event_recorded_at),
       published = excluded.published, transactions = excluded.transactions,
       caught_up_at = excluded.caught_up_at, published_at = excluded.published_at,
       noted_at = excluded.noted_at
      where $13 or r.holder = excluded.holder
        or r.noted_at < clock_timestamp() - make_interval(secs => ${String(staleSeconds)})`,
    [
      ...[name, holder, report.state, report.since, report.reason],
      ...[report.position?.commit.toString() ?? null, report.position?.prepare.toString() ?? null],
      ...[report.eventCreated ?? null, report.published, report.transactions],
      ...[report.caughtUpAt ?? null, report.publishedAt ?? null, report.isInCharge],
      report.isPositionKnown,
    ],
  );
};

export interface RelayStatus {
  /** absent: none ever ran. down: none has been heard of for 10 s. */
  readonly state: RelayStateName | 'absent' | 'down';
  readonly since: Date | null;
  /** Why it waits, is stopped, down or absent. */
  readonly reason: string | null;
  /** The process that speaks: an id of its own. */
  readonly holder: string | null;
  /** Through which everything is on Kafka. */
  readonly position: string | null;
  /** Facts of the log that are not on Kafka; null where there are too many to count. */
  readonly pending: number | null;
  /** Age of the oldest of them; 0 without any. */
  readonly lagSeconds: number | null;
  /** Facts and transactions since the process began. */
  readonly published: number;
  readonly transactions: number;
  readonly publishedAt: Date | null;
  readonly notedAt: Date | null;
  /** Who paused it, if it is to stand still. */
  readonly paused: Paused | null;
}

export interface Paused {
  readonly by: string;
  readonly reason: string | null;
  /** ISO 8601 UTC. */
  readonly at: string;
}

interface RelayRow extends PositionRow {
  holder: string;
  state: RelayStateName;
  since: Date;
  reason: string | null;
  published: string;
  transactions: string;
  published_at: Date | null;
  noted_at: Date;
  stale: boolean;
}

/** How the relay stands, by what it last said, by the log and by what operators asked of it. */
export const relayStatus = async (
  { pool }: ReadStore,
  log: Pick<EventLog, 'readAll' | 'readStream' | 'idAt'>,
  publication: Publication,
): Promise<RelayStatus> => {
  const { rows } = await pool.query<RelayRow>(
    `select holder, state, state_since as since, reason, commit_position, prepare_position, published,
            transactions, published_at, noted_at,
            noted_at < clock_timestamp() - make_interval(secs => ${String(staleSeconds)}) as stale
       from fanout.relay where name = $1`,
    [name],
  );
  const [row] = rows;
  const paused = await pausedBy(log);
  if (!row) return { ...absent, paused };
  const position = positionOf(row);
  // Where the log was replaced nothing can be read from there on.
  const isOfThisLog = !position || (await log.idAt(position)) !== undefined;
  const backlog = isOfThisLog ? await backlogAfter(log, publication, position) : unknown;
  return {
    ...(row.stale ? silent(row) : { state: row.state, since: row.since, reason: row.reason }),
    holder: row.holder,
    position: position ? formatPosition(position) : null,
    pending: backlog.facts,
    lagSeconds: backlog.seconds,
    published: Number(row.published),
    transactions: Number(row.transactions),
    publishedAt: row.published_at,
    notedAt: row.noted_at,
    paused,
  };
};

const unknown: Backlog = { facts: null, seconds: null };

const absent: Omit<RelayStatus, 'paused'> = {
  state: 'absent',
  since: null,
  reason:
    'no relay has run here yet: give KAFKA_BROKERS, and npm start runs one; or start apps/relay',
  holder: null,
  position: null,
  pending: null,
  lagSeconds: null,
  published: 0,
  transactions: 0,
  publishedAt: null,
  notedAt: null,
};

const silent = ({ state, reason, noted_at: notedAt }: RelayRow) => ({
  state: 'down' as const,
  since: notedAt,
  reason: `nothing was heard of it since; it was ${state}${reason === null ? '' : `: ${reason}`}`,
});

const pausedBy = async (log: Pick<EventLog, 'readStream'>): Promise<Paused | null> => {
  for await (const stored of log.readStream(relayStream, { direction: 'backwards' })) {
    const event = newest<RelayEvent>(relayDecider, stored);
    if (event?.type === 'RelayResumed') return null;
    if (event?.type !== 'RelayPaused') continue;
    const { actor, reason = null } = event.metadata;
    return { by: actor.id, reason, at: stored.created.toISOString() };
  }
  return null;
};
