import type pg from 'pg';

import { experimentStream } from '../experiment/events.js';
import { cyclerSamplesStream } from '../samples/events.js';
import { storeTimeMs } from './store-clock.js';

/** An experiment that has not ended, as it is written down for whoever supervises it next. */
export interface Attended {
  readonly experimentId: string;
  readonly unitId: string;
  /** Of the experiment: what was seen of an older one is not written over it. */
  readonly revision: bigint;
  /** Its program runs and is to run on. */
  readonly isRunning: boolean;
  /** Its unit was told to start or to go on, and has not answered. */
  readonly isTurningOn: boolean;
  /** ISO 8601 date. */
  readonly calibratedUntil: string | null;
  /** From now on, so that only the clock of PostgreSQL counts; undefined: only when something happens. */
  readonly dueInMs: number | undefined;
}

type Client = Pick<pg.Pool, 'query'>;

const changes = `
  is_running = seen.is_running, is_turning_on = seen.is_turning_on, revision = seen.revision,
  calibrated_until = seen.calibrated_until,
  due_at = clock_timestamp() + make_interval(secs => seen.due_in_s),
  heard_at = case when seen.is_running and not kept.is_running
    then clock_timestamp() else kept.heard_at end,
  least_lag_s = case when seen.is_running and not kept.is_running then null else kept.least_lag_s end`;

const seen = `unnest($1::uuid[], $2::text[], $3::bigint[], $4::boolean[], $5::boolean[], $6::date[],
  $7::float8[]) as seen
  (experiment_id, unit_id, revision, is_running, is_turning_on, calibrated_until, due_in_s)`;

const valuesOf = (all: readonly Attended[]): readonly unknown[] => {
  const attended = all.toSorted((one, other) => (one.experimentId < other.experimentId ? -1 : 1));
  return [
    attended.map(({ experimentId }) => experimentId),
    attended.map(({ unitId }) => unitId),
    attended.map(({ revision }) => String(revision)),
    attended.map(({ isRunning }) => isRunning),
    attended.map(({ isTurningOn }) => isTurningOn),
    attended.map(({ calibratedUntil }) => calibratedUntil),
    attended.map(({ dueInMs }) => (dueInMs === undefined ? null : dueInMs / 1_000)),
  ];
};

/** Writes them down, as somebody has to who follows what is published of experiments. */
export const keepAttended = async (
  client: Client,
  attended: readonly Attended[],
): Promise<void> => {
  if (attended.length === 0) return;
  const values = valuesOf(attended);
  await client.query(
    `insert into lab.attended_experiments (experiment_id, unit_id, is_running, revision)
     select experiment_id, unit_id, false, 0 from ${seen} order by 1
     on conflict (experiment_id) do nothing`,
    [...values],
  );
  await client.query(
    `update lab.attended_experiments kept set ${changes} from ${seen}
     where kept.experiment_id = seen.experiment_id and kept.revision <= seen.revision`,
    [...values],
  );
};

/** Rows that another process writes are left to it, which may stand still while it holds them. */
const free = (ids: string): string =>
  `and kept.experiment_id in (select experiment_id from lab.attended_experiments
     where experiment_id = any(${ids}) for update skip locked)`;

/** As somebody may at any time: what has ended meanwhile, as others saw, does not come back by it. */
export const updateAttended = async (
  client: Client,
  attended: Attended,
  whoWaits: 'waits' | 'passes' = 'waits',
): Promise<void> => {
  await client.query(
    `update lab.attended_experiments kept set ${changes} from ${seen}
     where kept.experiment_id = seen.experiment_id and kept.revision <= seen.revision
       ${whoWaits === 'passes' ? free('$1::uuid[]') : ''}`,
    [...valuesOf([attended])],
  );
};

export const forgetAttended = async (
  client: Client,
  ended: readonly string[],
  whoWaits: 'waits' | 'passes' = 'waits',
): Promise<void> => {
  if (ended.length === 0) return;
  await client.query(
    `delete from lab.attended_experiments kept where kept.experiment_id = any($1)
       ${whoWaits === 'passes' ? free('$1') : ''}`,
    [ended],
  );
};

/** Those of a unit. */
export const attendedOf = async (client: Client, unitId: string): Promise<readonly string[]> => {
  const { rows } = await client.query<{ id: string }>(
    'select experiment_id as id from lab.attended_experiments where unit_id = $1 order by 1',
    [unitId],
  );
  return rows.map(({ id }) => id);
};

/** How much the clock of a unit may lose: what is late by no more is not late. */
const clockLoss = 200e-6;

const usual = `kept.least_lag_s
  + ${String(clockLoss)} * extract(epoch from clock_timestamp() - kept.least_lag_at)::float8`;

/**
 * Notes that records of these came, with the newest of each (seconds since 1970, by the clock of its unit). They count
 * where they are less than `freshS` seconds later than records of the experiment were at best: clocks of units are wrong,
 * and those of simulated ones run faster, but a backlog of ten minutes is one whatever the clock.
 */
export const noteHeard = async (
  client: Client,
  newest: ReadonlyMap<string, number>,
  freshS: number,
): Promise<void> => {
  const ids = [...newest.keys()].toSorted();
  await client.query(
    `update lab.attended_experiments kept
     set heard_at = case when late.lag_s < least(late.lag_s, ${usual}) + $3::float8
         then clock_timestamp() else kept.heard_at end,
       least_lag_s = least(late.lag_s, ${usual}),
       least_lag_at = clock_timestamp()
     from unnest($1::uuid[], $2::float8[]) as heard (experiment_id, newest_s),
       lateral (select extract(epoch from clock_timestamp())::float8 - heard.newest_s as lag_s) late
     where kept.experiment_id = heard.experiment_id`,
    [ids, ids.map((id) => newest.get(id)), freshS],
  );
};

export interface Due extends Pick<Attended, 'experimentId' | 'unitId'> {
  readonly isRunning: boolean;
  readonly isTurningOn: boolean;
  readonly isDue: boolean;
  /** Facts of it, or of its records, are parked. */
  readonly isParked: boolean;
  /** Since it runs or its newest records that were not late came, in seconds. */
  readonly silentForS: number;
  readonly isOutOfCalibration: boolean;
}

/** All of them, with what time says of each, and the time of PostgreSQL in milliseconds since 1970. */
export const readAttended = async (
  client: Client,
  subscription: string,
): Promise<{ readonly all: readonly Due[]; readonly ms: number | undefined }> => {
  const { rows } = await client.query<Due & { readonly ms: number }>(
    `select experiment_id as "experimentId", unit_id as "unitId",
       is_running as "isRunning", is_turning_on as "isTurningOn",
       coalesce(due_at <= clock_timestamp(), false) as "isDue",
       extract(epoch from clock_timestamp() - heard_at)::float8 as "silentForS",
       coalesce(is_running and calibrated_until < (clock_timestamp() at time zone 'UTC')::date, false)
         as "isOutOfCalibration",
       exists (select from subscription.parked where subscription = $1 and
         (key = $2 || experiment_id or starts_with(key, $3 || experiment_id || '.'))) as "isParked",
       store.ms
     from (select ${storeTimeMs} as ms) store left join lab.attended_experiments on true
     order by experiment_id`,
    [subscription, experimentStream(''), cyclerSamplesStream('')],
  );
  const all = rows.filter(({ experimentId }: { experimentId: string | null }) => experimentId);
  return { all, ms: rows[0]?.ms };
};
