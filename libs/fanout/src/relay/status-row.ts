import type { EventLog } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';
import { newest } from '#event-log/reading.js';
import { columnsOf, positionOf, type PositionRow } from '#read-store/position-columns.js';
import type { ReadStore } from '#read-store/read-store.js';

import type { Publication } from '../fact.js';
import { type Backlog, backlogAfter } from './backlog.js';
import { relayDecider } from './decider.js';
import { type RelayEvent, relayStream } from './events.js';
import type { RelayStatus } from './status.js';

const name = 'main';
/** A relay that has not written its status for so long does not run, or cannot reach Postgres. */
const isStale = `noted_at < clock_timestamp() - interval '10 s'`;

/** Writes the status of the relay. One that is not in charge leaves the row to the one that is. */
export const saveStatus = async (
  { pool }: ReadStore,
  holder: string,
  status: RelayStatus,
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
      where $13 or r.holder = excluded.holder or r.${isStale}`,
    [
      ...[name, holder, status.state, status.since, status.reason, ...columnsOf(status.position)],
      ...[status.eventCreated ?? null, status.published, status.transactions],
      ...[status.caughtUpAt ?? null, status.publishedAt ?? null, status.isInCharge],
      status.isPositionKnown,
    ],
  );
};

interface RelayRow extends PositionRow {
  holder: string;
  state: RelayStatus['state'];
  since: Date;
  reason: string | null;
  published: string;
  transactions: string;
  published_at: Date | null;
  noted_at: Date;
  stale: boolean;
}

/** The status of the relay: as it was last written, beside the log and what operators requested. */
export const readStatus = async (
  { pool }: ReadStore,
  log: Pick<EventLog, 'readAll' | 'readStream' | 'idAt'>,
  publication: Publication,
) => {
  const { rows } = await pool.query<RelayRow>(
    `select holder, state, state_since as since, reason, commit_position, prepare_position,
            published, transactions, published_at, noted_at, ${isStale} as stale
       from fanout.relay where name = $1`,
    [name],
  );
  const [row] = rows;
  const position = row && positionOf(row);
  // Where the log was replaced nothing can be read from there on.
  const isKnown = row && (!position || (await log.idAt(position)) !== undefined);
  const unknown: Backlog = { facts: null, seconds: null };
  const backlog = isKnown ? await backlogAfter(log, publication, position) : unknown;
  return {
    ...stateOf(row),
    holder: row?.holder ?? null,
    position: position ? formatPosition(position) : null,
    pending: backlog.facts,
    lagSeconds: backlog.seconds,
    published: Number(row?.published ?? 0),
    transactions: Number(row?.transactions ?? 0),
    publishedAt: row?.published_at?.toISOString() ?? null,
    notedAt: row?.noted_at.toISOString() ?? null,
    paused: await pausedBy(log),
  };
};

const stateOf = (row: RelayRow | undefined) => {
  if (!row) {
    const reason =
      'no relay has run here yet: give KAFKA_BROKERS, and npm start runs one; or start apps/relay';
    return { state: 'absent', since: null, reason };
  }
  const { state, since, reason, stale, noted_at: notedAt } = row;
  if (!stale) return { state, since: since.toISOString(), reason };
  const was = `${state}${reason === null ? '' : `: ${reason}`}`;
  const silence = `it has not written its status since; it was ${was}`;
  return { state: 'down', since: notedAt.toISOString(), reason: silence };
};

/** Who paused the relay, if it is to pause. */
const pausedBy = async (log: Pick<EventLog, 'readStream'>) => {
  for await (const stored of log.readStream(relayStream, { direction: 'backwards' })) {
    const event = newest<RelayEvent>(relayDecider, stored);
    if (event?.type === 'RelayResumed') return null;
    if (event?.type !== 'RelayPaused') continue;
    const { actor, reason = null } = event.metadata;
    return { by: actor.id, reason, at: stored.created.toISOString() };
  }
  return null;
};
