import type { Position } from '#event-log/event-log.js';
import { BreakOff, brokenOff } from '#testing/break-off.js';
import { until } from '#testing/until.js';

import { ProjectionRunner } from '../projection-runner.js';
import { ReadStore } from '../read-store.js';
import type { Fixture } from './fixture.js';
import { tally } from './tally.js';

/**
 * Seldom: looks for requests use up statements too, the more the slower the machine is, and one event would
 * meet the end in more rounds than it is tried.
 */
const lookMs = 10_000;

/**
 * Runs the tally in this process until it reaches `last` or breaks off before the statement of number
 * `at`. True when it came to that statement.
 */
export const breaksOff = async (fixture: Fixture, at: number, last: Position): Promise<boolean> => {
  const line = new BreakOff(at);
  const store = new ReadStore(fixture.database.url, { applicationName: brokenOff });
  const runner = new ProjectionRunner(store, fixture.log, fixture.tail, [tally()], { lookMs });
  try {
    const started = runner.start().catch(() => undefined);
    await until(
      'it broke off or was done',
      async () => line.hasBroken || (await reached(fixture, last)),
    );
    const hasBroken = line.now();
    await runner.stop();
    await started;
    await store.close();
    return hasBroken;
  } finally {
    line.end();
  }
};

const reached = async (fixture: Fixture, last: Position): Promise<boolean> =>
  (await fixture.value(`select commit_position >= $1 from read_store.build where active`, [
    last.commit.toString(),
  ])) === true;
