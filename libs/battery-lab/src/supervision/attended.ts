import type pg from 'pg';

/** An experiment that has not ended, as it is written down for whoever supervises it next. */
export interface Attended {
  readonly experimentId: string;
  readonly unitId: string;
  readonly isRunning: boolean;
  /** ISO 8601 date. */
  readonly calibratedUntil: string | null;
  /** Milliseconds since 1970. */
  readonly dueAt: number | undefined;
}

type Client = Pick<pg.Pool, 'query'>;

/** Writes down that they are looked at again, and when. */
export const keepAttended = async (
  client: Client,
  attended: readonly Attended[],
  ended: readonly string[],
): Promise<void> => {
  if (attended.length > 0) {
    await client.query(
      `insert into lab.attended_experiments as kept
         (experiment_id, unit_id, is_running, calibrated_until, due_at)
       select * from unnest($1::uuid[], $2::text[], $3::boolean[], $4::date[], $5::timestamptz[])
       order by 1
       on conflict (experiment_id) do update set
         is_running = excluded.is_running, calibrated_until = excluded.calibrated_until,
         due_at = excluded.due_at,
         heard_at = case when excluded.is_running and not kept.is_running
           then clock_timestamp() else kept.heard_at end`,
      [
        attended.map(({ experimentId }) => experimentId),
        attended.map(({ unitId }) => unitId),
        attended.map(({ isRunning }) => isRunning),
        attended.map(({ calibratedUntil }) => calibratedUntil),
        attended.map(({ dueAt }) => (dueAt === undefined ? null : new Date(dueAt))),
      ],
    );
  }
  if (ended.length > 0) {
    await client.query('delete from lab.attended_experiments where experiment_id = any($1)', [
      ended,
    ]);
  }
};

/** Those of a unit. */
export const attendedOf = async (client: Client, unitId: string): Promise<readonly string[]> => {
  const { rows } = await client.query<{ id: string }>(
    'select experiment_id as id from lab.attended_experiments where unit_id = $1 order by 1',
    [unitId],
  );
  return rows.map(({ id }) => id);
};

/** Notes that records of these came. */
export const noteHeard = async (
  client: Client,
  experimentIds: readonly string[],
): Promise<void> => {
  await client.query(
    `update lab.attended_experiments set heard_at = clock_timestamp()
     where experiment_id = any($1)`,
    [experimentIds.toSorted()],
  );
};

export interface Due {
  readonly experimentId: string;
  readonly unitId: string;
  readonly isRunning: boolean;
  readonly isDue: boolean;
  readonly isSilent: boolean;
  readonly isOutOfCalibration: boolean;
}

/** All of them, with what time says of each; `silentS` seconds without records are too many. */
export const readAttended = async (client: Client, silentS: number): Promise<readonly Due[]> => {
  const { rows } = await client.query<Due>(
    `select experiment_id as "experimentId", unit_id as "unitId", is_running as "isRunning",
       coalesce(due_at <= clock_timestamp(), false) as "isDue",
       is_running and heard_at < clock_timestamp() - make_interval(secs => $1) as "isSilent",
       coalesce(is_running and calibrated_until < (clock_timestamp() at time zone 'UTC')::date, false)
         as "isOutOfCalibration"
     from lab.attended_experiments order by experiment_id`,
    [silentS],
  );
  return rows;
};
