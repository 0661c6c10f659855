import { setTimeout as sleep } from 'node:timers/promises';

import { startApi, startProjector } from '#test/support/parts.js';
import { seeded } from '#test/support/seeded.js';
import { startVoltrace } from '#test/support/voltrace.js';

import { ConflictLoad } from './conflicts/load.js';
import { faultsAfter } from './faults-after.js';
import type { RoundOptions } from './kill-rounds.js';
import { databaseUrlOf, eventStoreUrlOf } from './operate.js';

/** Longer than any lease: who wakes up after that has been replaced. */
const frozenMs = 25_000;

/**
 * Two APIs and two projectors on the same stores. The API that runs the import and the projector at
 * work are frozen in the middle, replaced, and wake up again.
 */
export const freezeRound = async (options: RoundOptions): Promise<readonly string[]> => {
  const random = seeded(options.seed);
  const voltrace = await startVoltrace({ dist: options.dist });
  const { dataDir } = voltrace;
  const databaseUrl = databaseUrlOf(dataDir);
  const parts = {
    dist: options.dist,
    dataDir,
    databaseUrl,
    eventStoreUrl: eventStoreUrlOf(dataDir),
  };
  const projector = await startProjector(parts);
  const second = await startApi(parts);
  try {
    const apis = [voltrace.api, second.as(voltrace.api.key)];
    const conflicts = new ConflictLoad(apis, options.seed);
    const id = await voltrace.api.importFile('products', options.list);
    await sleep(50 + random() * 300);
    const frozen = voltrace.children().filter(({ name }) => name === 'api' || name === 'projector');
    for (const { pid } of frozen) process.kill(pid, 'SIGSTOP');
    const whenFrozen = (await second.as(voltrace.api.key).persist(`/v1/imports/${id}`)).body[
      'state'
    ];
    if (whenFrozen === 'completed') return ['the import was over before anything was frozen'];
    await sleep(frozenMs);
    const api = second.as(voltrace.api.key);
    const meanwhile = await api.importEnded(id);
    for (const { pid } of frozen) signalIfAlive(pid);
    await sleep(3_000);
    await conflicts.stop();
    const faults = [...(await faultsAfter(api, databaseUrl, conflicts, options))];
    if (meanwhile.body['state'] !== 'completed') {
      faults.push(`the second API left the import ${String(meanwhile.body['state'])}`);
    }
    return faults;
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  } finally {
    await Promise.all([projector.stop(), second.app.stop()]);
    await voltrace.remove();
  }
};

/** Its supervisor may have replaced it meanwhile. */
const signalIfAlive = (pid: number): void => {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // Gone.
  }
};
