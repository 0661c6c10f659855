import { setTimeout as sleep } from 'node:timers/promises';

import { seeded, shuffled } from '#test/support/seeded.js';
import { startVoltrace, type Voltrace } from '#test/support/voltrace.js';

import { ConflictLoad } from './conflicts/load.js';
import { diskHarms, Disks, isDiskHarm } from './disks.js';
import { faultsAfter } from './faults-after.js';
import { databaseUrlOf } from './operate.js';

export interface RoundOptions {
  readonly dist: string;
  readonly seed: number;
  readonly list: string;
  readonly rows: number;
}

const processes = ['api', 'event-node', 'postgres', 'projector'];
const harms = [...processes, ...diskHarms];
const maxHarms = 8;
const diskMs = 3_000;

/** One import during which each process is killed (-9), and the disk is slow and full, at any moment. Returns what was wrong afterwards. */
export const killRound = async (options: RoundOptions): Promise<readonly string[]> => {
  const random = seeded(options.seed);
  const disks = new Disks();
  const voltrace = await startVoltrace({ dist: options.dist, env: disks.env });
  try {
    const conflicts = new ConflictLoad([voltrace.api], options.seed);
    const done = await importUnderHarm(voltrace, disks, options, random);
    await conflicts.stop();
    console.log(`  ${done.join(', ')}`);
    // A round in which nothing died would prove nothing.
    if (!done.some((name) => processes.includes(name))) {
      return ['the import was over before anything was killed'];
    }
    return await faultsAfter(voltrace.api, databaseUrlOf(voltrace.dataDir), conflicts, options);
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  } finally {
    await voltrace.remove();
    disks.remove();
  }
};

/** Every harm is done once before one is done again. Resolves with what was done. */
const importUnderHarm = async (
  voltrace: Voltrace,
  disks: Disks,
  { list }: RoundOptions,
  random: () => number,
): Promise<readonly string[]> => {
  const done: string[] = [];
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
  let next: readonly string[] = [];
  while (!ended() && done.length < maxHarms) {
    await sleep(20 + random() * (done.length === 0 ? 300 : 1_200));
    if (next.length === 0) next = shuffled(random, harms);
    const [harm = ''] = next;
    if (ended() || !(await isDone(harm, voltrace, disks))) continue;
    done.push(harm);
    next = next.slice(1);
  }
  await importing;
  return done;
};

/** False: the process is not there, and is being started again. */
const isDone = async (harm: string, voltrace: Voltrace, disks: Disks): Promise<boolean> => {
  if (isDiskHarm(harm)) {
    await disks.harm(harm, voltrace, diskMs);
    return true;
  }
  const victim = voltrace.children().find(({ name }) => name === harm);
  return victim !== undefined && process.kill(victim.pid, 'SIGKILL');
};
