import type { EventLog, Position, StoredEvent } from '#event-log/event-log.js';
import { comparePositions, isAfter } from '#event-log/position.js';
import { Refusal } from '#kernel/refusal.js';

import { eventClockSchema } from './as-of.js';
import { positionOf, type PositionRow } from './builds.js';
import type { ReadStore } from './read-store.js';
import { isMissingRelation } from './store-errors.js';

/** What the time of an event is found by. */
type Placed = Pick<StoredEvent, 'position' | 'created'>;

/** Events that are read from the log, at most, where `event-clock` does not reach yet. */
const readAtMost = 5_000;
const pageSize = 500;

interface TimeRow extends PositionRow {
  readonly running_max: Date | null;
  readonly newest: Date | null;
}

/**
 * For each event the time from which as-of contains it: the running maximum of `created` at its
 * position. In a log whose clock never went back that is its `created`.
 *
 * Read from `event-clock`; what that projection has not reached is read from the log. Throws a
 * `Refusal` (`NOT_YET_VISIBLE`, unavailable) when that is more than 5,000 events.
 */
export const recordedTimes = async (
  store: ReadStore,
  log: Pick<EventLog, 'readAll'>,
  events: readonly Placed[],
): Promise<readonly Date[]> => {
  if (events.length === 0) return [];
  const rows = await lookUp(store, events);
  const [first] = rows;
  const known = rows.map((row) => row.running_max);
  const beyond = events.filter((_, index) => known[index] === null);
  const last = beyond
    .map(({ position }) => position)
    .sort(comparePositions)
    .at(-1);
  if (!last) return known.filter((time) => time !== null);
  const read = await readOn(log, first && positionOf(first), first?.newest ?? undefined, last);
  return events.map(
    ({ position, created }, index) => known[index] ?? read.get(keyOf(position)) ?? created,
  );
};

/** A running maximum is never before the `created` of its event: the index is entered there. */
const lookUp = async (store: ReadStore, events: readonly Placed[]): Promise<readonly TimeRow[]> => {
  const { rows } = await store.pool
    .query<TimeRow>(
      `select (select running_max from ${eventClockSchema}.tick as t
                where t.running_max >= e.created
                  and (t.commit_position, t.prepare_position) >= (e.commit, e.prepare)
                order by running_max limit 1) as running_max,
              newest.running_max as newest, newest.commit_position, newest.prepare_position
         from unnest($1::timestamptz[], $2::numeric[], $3::numeric[])
              with ordinality as e(created, commit, prepare, place)
         left join lateral (select * from ${eventClockSchema}.tick
                             order by running_max desc limit 1) as newest on true
        order by e.place`,
      [
        events.map(({ created }) => created),
        events.map(({ position }) => position.commit.toString()),
        events.map(({ position }) => position.prepare.toString()),
      ],
    )
    .catch((error: unknown) => {
      if (!isMissingRelation(error)) throw error;
      return { rows: events.map(() => unbuilt) };
    });
  return rows;
};

/** Before the first build is done, all of the log is beyond the clock. */
const unbuilt: TimeRow = {
  running_max: null,
  newest: null,
  commit_position: null,
  prepare_position: null,
};

/** The running maximum at each position from behind `from` up to `last`. */
const readOn = async (
  log: Pick<EventLog, 'readAll'>,
  from: Position | undefined,
  newest: Date | undefined,
  last: Position,
): Promise<ReadonlyMap<string, Date>> => {
  const times = new Map<string, Date>();
  let time = newest ?? new Date(0);
  let after = from;
  for (let considered = 0; considered < readAtMost; considered += pageSize) {
    const page = await log.readAll({ limit: pageSize, ...(after && { after }) });
    for (const { position, created } of page.events) {
      if (created > time) time = created;
      times.set(keyOf(position), time);
    }
    after = page.next ?? after;
    if (page.atEnd || (after && !isAfter(last, after))) return times;
  }
  throw new Refusal(
    'NOT_YET_VISIBLE',
    'unavailable',
    'event-clock is too far behind to tell when this was recorded; try again',
    { retryAfterSeconds: 2 },
  );
};

const keyOf = ({ commit, prepare }: Position): string => `${String(commit)} ${String(prepare)}`;
