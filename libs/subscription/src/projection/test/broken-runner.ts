import type { Position } from '#event-log/event-log.js';
import type { ReadStore } from '#read-store/read-store.js';

import { breaksOff } from '../../test/breaks-off.js';
import { ProjectionRunner } from '../run-projections.js';
import type { Fixture } from './fixture.js';
import { tally } from './tally.js';

/**
 * Seldom: polls use up statements too, the more the slower the machine is, and one event would meet the
 * end in more rounds than it is tried.
 */
const pollMs = 10_000;

/**
 * Runs the tally in this process until it reaches `last` or breaks off before the statement of number
 * `at`. True when it came to that statement.
 */
export const tallyBreaksOff = async (
  fixture: Fixture,
  at: number,
  last: Position,
): Promise<boolean> => {
  const { log, tail, database } = fixture;
  const start = (store: ReadStore) => {
    const runner = new ProjectionRunner([tally()], { store, log, tail, pollMs });
    return Promise.resolve({ started: runner.start(), stop: () => runner.stop() });
  };
  return breaksOff(database.url, at, start, () => reached(fixture, last));
};

const reached = async (fixture: Fixture, last: Position): Promise<boolean> =>
  (await fixture.value(
    `select bool_or(commit_position >= $1) from subscription.checkpoint where state = 'running'`,
    [last.commit.toString()],
  )) === true;
