import pg from 'pg';

import type { Position } from '#event-log/event-log.js';

import { ProjectionRunner } from '../projection-runner.js';
import { ReadStore } from '../read-store.js';
import { type Fixture, until } from './fixture.js';
import { tally } from './tally.js';

const applicationName = 'broken off';
const ofRunner = new Set([applicationName, 'voltrace projector lease']);

const nameOf = (client: pg.Client): string => {
  const { connectionParameters } = client as unknown as {
    connectionParameters: { application_name: string };
  };
  return connectionParameters.application_name;
};

const cut = (client: pg.Client): void => {
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } };
  connection.stream.destroy();
};

/**
 * Runs the tally in this process until it reaches `last` or is about to send the statement of number
 * `at`. From then on nothing that it says reaches the server: what that sees of a process that died
 * there. True when it came to that statement.
 */
export const breaksOff = async (fixture: Fixture, at: number, last: Position): Promise<boolean> => {
  let statements = 0;
  let broken = false;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this` below
  const send = pg.Client.prototype.query as (...args: unknown[]) => unknown;
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]): unknown {
    if (ofRunner.has(nameOf(this))) {
      statements += 1;
      if (statements >= at) broken = true;
      if (broken) cut(this);
    }
    return send.apply(this, args);
  } as typeof pg.Client.prototype.query;
  const store = new ReadStore(fixture.database.url, { applicationName });
  const runner = new ProjectionRunner(store, fixture.log, fixture.tail, [tally()], { lookMs: 100 });
  try {
    const started = runner.start().catch(() => undefined);
    await until('it broke off or was done', async () => broken || (await reached(fixture, last)));
    const hasBroken = broken;
    broken = true;
    await runner.stop();
    await started;
    await store.close();
    return hasBroken;
  } finally {
    pg.Client.prototype.query = send as typeof pg.Client.prototype.query;
  }
};

const reached = async (fixture: Fixture, last: Position): Promise<boolean> =>
  (await fixture.value(
    `select commit_position >= $1 from read_store.build b
       join read_store.projection p on p.name = b.projection and p.active_build = b.build`,
    [last.commit.toString()],
  )) === true;
