import type { Position } from '#event-log/event-log.js';
import type { ProjectionClient } from '#subscription/projection/projection.js';

/** The clock of the log while a batch is applied. Times are milliseconds since 1970. */
export interface Clock {
  runningMax: number;
  readonly ticks: Map<number, Position>;
}

/** The clock as the batch before left it. */
export const loadClock = async (client: ProjectionClient): Promise<Clock> => {
  const { rows } = await client.query<{ running_max: Date | null }>(
    'select max(running_max) as running_max from tick',
  );
  return { runningMax: rows[0]?.running_max?.getTime() ?? -Infinity, ticks: new Map() };
};

/** Writes the times of the batch, each with its last event. */
export const saveClock = async (client: ProjectionClient, { ticks }: Clock): Promise<void> => {
  await client.query(
    `insert into tick (running_max, commit_position, prepare_position)
     select * from unnest($1::timestamptz[], $2::numeric[], $3::numeric[])
     on conflict (running_max) do update
        set commit_position = excluded.commit_position,
            prepare_position = excluded.prepare_position`,
    [
      [...ticks.keys()].map((time) => new Date(time)),
      [...ticks.values()].map(({ commit }) => commit.toString()),
      [...ticks.values()].map(({ prepare }) => prepare.toString()),
    ],
  );
};
