import { setTimeout as sleep } from 'node:timers/promises';

import { pick, seeded } from '#test/support/seeded.js';
import { startVoltrace, type Voltrace } from '#test/support/voltrace.js';

import { ConflictLoad } from './conflicts/load.js';
import { faultsAfter } from './faults-after.js';
import { databaseUrlOf } from './operate.js';

export interface RoundOptions {
  readonly dist: string;
  readonly seed: number;
  readonly list: string;
  readonly rows: number;
}

const maxKills = 8;

/** What was killed in all rounds so far. */
export const victims = new Set<string>();

/** One import during which each process may be killed (-9) at any moment. Returns what was wrong afterwards. */
export const killRound = async (options: RoundOptions): Promise<readonly string[]> => {
  const random = seeded(options.seed);
  const voltrace = await startVoltrace({ dist: options.dist });
  try {
    const conflicts = new ConflictLoad([voltrace.api], options.seed);
    const killed = await importUnderKills(voltrace, options, random);
    await conflicts.stop();
    console.log(`  killed: ${killed.join(', ')}`);
    for (const name of killed) victims.add(name);
    // A round in which nothing died would prove nothing.
    if (killed.length === 0) return ['the import was over before anything was killed'];
    return await faultsAfter(voltrace.api, databaseUrlOf(voltrace.dataDir), conflicts, options);
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  } finally {
    await voltrace.remove();
  }
};

const importUnderKills = async (
  voltrace: Voltrace,
  { list }: RoundOptions,
  random: () => number,
): Promise<readonly string[]> => {
  const killed: string[] = [];
  const imported = new AbortController();
  const importing = (async () => {
    const id = await voltrace.api.importFile('products', list);
    await voltrace.api.importEnded(id);
    imported.abort();
  })();
  importing.catch(() => {
    imported.abort();
  });
  const ended = (): boolean => imported.signal.aborted;
  while (!ended() && killed.length < maxKills) {
    await sleep(20 + random() * (killed.length === 0 ? 300 : 1_200));
    const children = voltrace.children();
    if (ended() || children.length === 0) continue;
    const victim = pick(random, children);
    process.kill(victim.pid, 'SIGKILL');
    killed.push(victim.name);
  }
  await importing;
  return killed;
};
