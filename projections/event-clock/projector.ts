import { readFileSync } from 'node:fs';

import type { Position, StoredEvent } from '#event-log/event-log.js';
import { eventClockVersion } from '#read-store/as-of.js';
import { defineProjection } from '#subscription/projection/projection.js';

/** The clock of the log while a batch is applied. Times are milliseconds since 1970. */
interface Clock {
  runningMax: number;
  readonly ticks: Map<number, Position>;
}

/** Moves the clock where the event is the newest so far, else only how far that newest time reaches. */
export const tick = (clock: Clock, { created, position }: StoredEvent): void => {
  clock.runningMax = Math.max(clock.runningMax, created.getTime());
  clock.ticks.set(clock.runningMax, position);
};

const table = new URL('./table.sql', import.meta.url);

/**
 * Which position a time means. `created` is no order: the store's clock may stand or jump back. Its
 * running maximum is one, and each of its values is kept with the last event up to which it stood.
 */
export const eventClock = defineProjection<Clock>({
  ...eventClockVersion,
  sources: [table, new URL('./projector.js', import.meta.url)],
  tables: readFileSync(table, 'utf8'),
  on: { '*': tick },
  load: async (client) => {
    const { rows } = await client.query<{ running_max: Date | null }>(
      'select max(running_max) as running_max from tick',
    );
    return { runningMax: rows[0]?.running_max?.getTime() ?? -Infinity, ticks: new Map() };
  },
  save: async (client, { ticks }) => {
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
  },
});
