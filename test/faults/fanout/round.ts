import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { generateBatteryList } from '#product-registry/import/testing/generate-battery-list.js';
import { seeded } from '#test/support/seeded.js';
import { until } from '#testing/until.js';

import { ConflictLoad } from '../conflicts/load.js';
import { SystemRounds } from '../system-rounds.js';
import { describeHarm, doHarm, harmsOf } from './disturb.js';
import { fanoutFaults } from './settled.js';
import { type FanoutSystem, startFanoutSystem } from './system.js';

const rowsPerList = 120;

/**
 * Rounds of imports without a pause, while the relay, the consumer, the event node and one of three
 * brokers are killed or frozen, leaders are moved and the disk is slow and full, each once at a random
 * moment; a second relay and a second consumer stand by.
 */
export const fanoutRounds = (dist: string): SystemRounds<FanoutSystem> =>
  new SystemRounds(() => startFanoutSystem(dist), round);

const round = async (system: FanoutSystem, seed: number): Promise<readonly string[]> => {
  const began = performance.now();
  const { api } = system.underTest;
  const conflicts = new ConflictLoad([api], seed);
  const done = await underHarm(system, seed);
  await conflicts.stop();
  const over = performance.now();
  const faults = [...(await conflicts.faults(api)), ...(await fanoutFaults(system.underTest))];
  console.log(`  ${done.join(', ')}`);
  console.log(
    `  ${seconds(over - began)} under harm, ${seconds(performance.now() - over)} to settle and compare`,
  );
  return faults;
};

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(0)} s`;

/** Resolves with what was done, when the last import has ended. */
const underHarm = async (system: FanoutSystem, seed: number): Promise<readonly string[]> => {
  const random = seeded(seed);
  const over = new AbortController();
  const loading = load(system, seed, over.signal);
  const done: string[] = [];
  try {
    for (const harm of harmsOf(random)) {
      await sleep(100 + random() * 1_500);
      const name = describeHarm(harm);
      // What was killed before may have to be started again first.
      await until(`somebody to ${name}`, () => doHarm(harm, system.victims, random));
      done.push(name);
    }
  } finally {
    over.abort();
    loading.catch(() => undefined);
  }
  return [...done, `${await loading} lists`];
};

/** One generated list after the other; resolves with their number. */
const load = async (
  { voltrace: { api }, folder }: FanoutSystem,
  seed: number,
  over: AbortSignal,
): Promise<number> => {
  let lists = 0;
  do {
    const list = join(folder, `list-${seed}-${lists}.csv`);
    const rows = generateBatteryList({ rows: rowsPerList, seed: seed * 1_000 + lists });
    writeFileSync(list, [...rows].join(''));
    const ended = await api.importEnded(await api.importFile('products', list), 240_000);
    if (ended.body['state'] !== 'completed') throw new Error(`the import: ${ended.text}`);
    lists += 1;
  } while (!over.aborted);
  return lists;
};
