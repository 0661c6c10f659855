import type { EventLog, Position, StoredEvent } from '#event-log/event-log.js';
import { comparePositions, formatPosition, isAfter } from '#event-log/position.js';
import type { Moment } from '#http/query-params.js';
import { Refusal } from '#kernel/refusal.js';
import { wallNow } from '#kernel/wall-clock.js';
import { eventClockSchema, eventClockVersion } from '#read-store/as-of.js';
import { positionOf, type PositionRow } from '#read-store/position-columns.js';
import { prepared } from '#read-store/prepared.js';
import type { ReadStore } from '#read-store/read-store.js';
import { isMissingRelation } from '#read-store/store-errors.js';
import { newestPosition } from '#subscription/projection/projection-status.js';
import { waitForPosition } from '#subscription/projection/wait-for-position.js';

type Log = Pick<EventLog, 'readAll'>;

/** By how much a caller's clock may be ahead of ours. */
const clockDifferenceMs = 5_000;

/** The position of a moment; undefined when it lies before the first event. See `positionAt`. */
export const resolveMoment = (
  store: ReadStore,
  log: Log,
  moment: Moment,
): Promise<Position | undefined> =>
  'position' in moment ? reached(log, moment.position) : positionAt(store, log, moment.at);

/** A position that the log has. Throws a `Refusal` (`AS_OF_INVALID`) for one beyond its end, which nobody need wait for. */
const reached = async (log: Log, position: Position): Promise<Position> => {
  const head = await newestPosition(log);
  if (head && position.commit <= head.commit) return position;
  const end = head ? formatPosition(head) : '0';
  throw asOfInvalid(`expected a position up to ${end}, where the log ends now`);
};

/**
 * The last position whose running maximum of `created` is at or before `time`; undefined when there
 * is none. Read from the projection `event-clock`.
 *
 * What is recorded later does not change the answer, so a time that is not over yet is refused
 * (`AS_OF_INVALID`), up to five seconds apart, which a caller's clock may be ahead: that means now.
 * A time that the log itself has reached is no such time, also where our clock was set back since.
 * Throws a `Refusal` (`NOT_YET_VISIBLE`) when `event-clock` does not reach the end of the log as it
 * was at the call within two seconds.
 */
export const positionAt = async (
  store: ReadStore,
  log: Log,
  time: Date,
): Promise<Position | undefined> => {
  // Once the clock of the log is at or past the time, that is no future, whatever our own clock says.
  const isFuture = time.getTime() > wallNow() + clockDifferenceMs;
  const early = await lookUpTime(store, time);
  // Nothing that comes later belongs before a time that the log's clock is past.
  if (early.newest && early.newest > time) return positionOf(early);
  if (isFuture && !(early.newest && early.newest >= time)) throw inTheFuture();
  const head = await newestPosition(log);
  if (!head) return undefined;
  await waitForPosition(store, eventClockVersion, head);
  return positionOf(await lookUpTime(store, time));
};

/** The last tick at or before the time, and the time that the clock of the log has reached. */
const lookUpTime = async (
  store: ReadStore,
  time: Date,
): Promise<PositionRow & { readonly newest: Date | null }> => {
  const { rows } = await store.pool
    .query<PositionRow & { newest: Date | null }>(
      prepared(
        `select t.commit_position, t.prepare_position,
              (select max(running_max) from ${eventClockSchema}.tick) as newest
         from (values (1)) as one
         left join lateral (
           select commit_position, prepare_position from ${eventClockSchema}.tick
            where running_max <= $1 order by running_max desc limit 1
         ) as t on true`,
        [time],
      ),
    )
    .catch((error: unknown) => {
      throw isMissingRelation(error) ? notBuiltYet() : error;
    });
  const [row] = rows;
  if (!row) throw new Error('a selection without a condition gave no row');
  return row;
};

/** What the time of an event is found by. */
type Recorded = Pick<StoredEvent, 'position' | 'created'>;

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
 * Read from `event-clock`; what that projection has not reached is read from the log, and undefined
 * where the node that answers lacks it still. It never changes. Throws a `Refusal` (`NOT_YET_VISIBLE`,
 * unavailable) when that is more than 5,000 events.
 */
export const recordedTimes = async (
  store: ReadStore,
  log: Log,
  events: readonly Recorded[],
): Promise<readonly (Date | undefined)[]> => {
  if (events.length === 0) return [];
  const rows = await lookUpEvents(store, events);
  const [first] = rows;
  const known = rows.map((row) => row.running_max);
  const beyond = events.filter((_, index) => known[index] === null);
  const last = beyond
    .map(({ position }) => position)
    .sort(comparePositions)
    .at(-1);
  if (!last) return known.filter((time) => time !== null);
  const read = await readOn(log, first && positionOf(first), first?.newest ?? new Date(0), last);
  return events.map(({ position }, index) => known[index] ?? read.get(keyOf(position)));
};

/** A running maximum is never before the `created` of its event: the index is entered there. */
const lookUpEvents = async (
  store: ReadStore,
  events: readonly Recorded[],
): Promise<readonly TimeRow[]> => {
  const { rows } = await store.pool
    .query<TimeRow>(
      prepared(
        `select (select running_max from ${eventClockSchema}.tick as t
                where t.running_max >= e.created
                  and (t.commit_position, t.prepare_position) >= (e.commit, e.prepare)
                order by running_max limit 1) as running_max,
              newest.running_max as newest, newest.commit_position, newest.prepare_position
         from unnest($1::timestamptz[], $2::numeric[], $3::numeric[])
              with ordinality as e(created, commit, prepare, ordinal)
         left join lateral (select * from ${eventClockSchema}.tick
                             order by running_max desc limit 1) as newest on true
        order by e.ordinal`,
        [
          events.map(({ created }) => created),
          events.map(({ position }) => position.commit.toString()),
          events.map(({ position }) => position.prepare.toString()),
        ],
      ),
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

/** The running maximum at each position from behind `from`, where the clock is at `time`, up to `last`. */
const readOn = async (
  log: Log,
  from: Position | undefined,
  time: Date,
  last: Position,
): Promise<ReadonlyMap<string, Date>> => {
  const times = new Map<string, Date>();
  let runningMax = time;
  let after = from;
  for (let considered = 0; considered < readAtMost; considered += pageSize) {
    const page = await log.readAll({ limit: pageSize, ...(after && { after }) });
    for (const { position, created } of page.events) {
      if (created > runningMax) runningMax = created;
      times.set(keyOf(position), runningMax);
    }
    after = page.next ?? after;
    if (page.atEnd || (after && !isAfter(last, after))) return times;
  }
  throw new Refusal(
    'NOT_YET_VISIBLE',
    'unavailable',
    'event-clock is too far behind to know when this was recorded; try again',
    { retryAfterSeconds: 2 },
  );
};

const keyOf = ({ commit, prepare }: Position): string => `${String(commit)} ${String(prepare)}`;

const notBuiltYet = (): Refusal =>
  new Refusal('PROJECTION_BUILDING', 'unavailable', 'event-clock is being built; try again', {
    retryAfterSeconds: 2,
  });

const asOfInvalid = (reason: string): Refusal =>
  new Refusal('AS_OF_INVALID', 'invalid', 'asOf is not a moment of the log', {
    errors: [{ pointer: '?asOf', reason }],
  });

const inTheFuture = (): Refusal => asOfInvalid('expected a time that is not in the future');
