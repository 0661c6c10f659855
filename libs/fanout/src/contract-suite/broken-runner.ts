import { ReadStore } from '#read-store/read-store.js';
import { BreakOff, brokenOff } from '#testing/break-off.js';
import { until } from '#testing/until.js';

import { ledger } from './ledger.js';
import type { World } from './world.js';

/**
 * Runs the ledger in this process until it holds `expected` facts or breaks off before the statement of
 * number `at`. True when it came to that statement.
 */
export const breaksOff = async (world: World, at: number, expected: number): Promise<boolean> => {
  const line = new BreakOff(at);
  const store = new ReadStore(world.databaseUrl, { applicationName: brokenOff });
  try {
    const run = await world.begin(ledger(), { store });
    await until(
      'it broke off or was done',
      async () => line.hasBroken || (await world.written()) >= expected,
    );
    const hasBroken = line.now();
    await run.stop();
    await run.started;
    await store.close();
    return hasBroken;
  } finally {
    line.end();
  }
};
