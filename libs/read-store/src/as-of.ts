import type { EventLog, Position } from '#event-log/event-log.js';
import { parsePosition } from '#event-log/position.js';
import { isBigint } from '#http/query-params.js';
import { instantExpected, parseInstant } from '#kernel/instant.js';
import { Refusal } from '#kernel/refusal.js';
import { wallNow } from '#kernel/wall-clock.js';

import { positionOf, type PositionRow } from './builds.js';
import { type ProjectionVersion, schemaOf } from './projection.js';
import type { ReadStore } from './read-store.js';
import { newestPosition } from './status.js';
import { isMissingRelation } from './store-errors.js';
import { waitForPosition } from './wait-for-position.js';

/** A moment of the log: by the clock, or a place in it. */
export type Moment = { readonly at: Date } | { readonly position: Position };

/** The projection that moments are looked up in; it is defined with the others. */
export const eventClockVersion = { name: 'event-clock', version: 1 } satisfies ProjectionVersion;
/** The schema of its tables. */
export const eventClockSchema = schemaOf(eventClockVersion);

/** By how much a caller's clock may be ahead of ours. */
const clockDifferenceMs = 5_000;
const expected = `${instantExpected}, or @ and a position`;

/** Reads `?asOf=`: an ISO 8601 time with zone, or `@position`. Throws a `Refusal` (`AS_OF_INVALID`). */
export const parseAsOf = (text: string): Moment => {
  if (text.startsWith('@')) {
    const digits = text.slice(1);
    if (isBigint(digits)) {
      return { position: parsePosition(digits) };
    }
  } else {
    const at = parseInstant(text);
    if (at !== undefined) return { at: new Date(at) };
  }
  throw invalid(`expected ${expected}`);
};

/** The position of a moment; undefined when it lies before the first event. See `positionAt`. */
export const resolveMoment = (
  store: ReadStore,
  log: Pick<EventLog, 'readAll'>,
  moment: Moment,
): Promise<Position | undefined> =>
  'position' in moment ? Promise.resolve(moment.position) : positionAt(store, log, moment.at);

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
  log: Pick<EventLog, 'readAll'>,
  time: Date,
): Promise<Position | undefined> => {
  // Once the clock of the log is at or past the time, that is no future, whatever our own clock says.
  const isFuture = time.getTime() > wallNow() + clockDifferenceMs;
  const early = await lookUp(store, time);
  // Nothing that comes later belongs before a time that the log's clock is past.
  if (early.passed) return early.position;
  if (isFuture && !early.reached) throw invalid('expected a time that is not in the future');
  const head = await newestPosition(log);
  if (!head) return undefined;
  await waitForPosition(store, eventClockVersion, head);
  return (await lookUp(store, time)).position;
};

const lookUp = async (
  store: ReadStore,
  time: Date,
): Promise<{
  readonly position: Position | undefined;
  readonly passed: boolean;
  readonly reached: boolean;
}> => {
  const { rows } = await store.pool
    .query<PositionRow & { passed: boolean; reached: boolean }>(
      `select t.commit_position, t.prepare_position,
            coalesce((select max(running_max) > $1 from ${eventClockSchema}.tick), false) as passed,
            coalesce((select max(running_max) >= $1 from ${eventClockSchema}.tick), false) as reached
       from (values (1)) as one
       left join lateral (
         select commit_position, prepare_position from ${eventClockSchema}.tick
          where running_max <= $1 order by running_max desc limit 1
       ) as t on true`,
      [time],
    )
    .catch((error: unknown) => {
      throw isMissingRelation(error) ? notBuiltYet() : error;
    });
  const [row] = rows;
  return {
    position: row && positionOf(row),
    passed: row?.passed === true,
    reached: row?.reached === true,
  };
};

const notBuiltYet = (): Refusal =>
  new Refusal('PROJECTION_BUILDING', 'unavailable', 'event-clock is being built; try again', {
    retryAfterSeconds: 2,
  });

const invalid = (reason: string): Refusal =>
  new Refusal('AS_OF_INVALID', 'invalid', 'asOf is not a moment of the log', {
    errors: [{ pointer: '?asOf', reason }],
  });
