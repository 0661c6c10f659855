import { ReadStore } from '#read-store/read-store.js';
import { BreakOff, brokenOff } from '#testing/break-off.js';
import { until } from '#testing/until.js';

interface Started {
  readonly started: Promise<unknown>;
  stop(): Promise<void>;
}

/**
 * Runs what `start` starts in this process until it is done or breaks off before the statement of number
 * `at`. True when it came to that statement.
 */
export const breaksOff = async (
  databaseUrl: string,
  at: number,
  start: (store: ReadStore) => Promise<Started>,
  isDone: () => Promise<boolean>,
): Promise<boolean> => {
  const line = new BreakOff(at);
  const store = new ReadStore(databaseUrl, { applicationName: brokenOff });
  try {
    const run = await start(store);
    await until('it broke off or was done', async () => line.hasBroken || (await isDone()));
    const hasBroken = line.now();
    await run.stop();
    await run.started.catch(() => undefined);
    await store.close();
    return hasBroken;
  } finally {
    line.end();
  }
};
