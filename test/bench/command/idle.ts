import { setTimeout as sleep } from 'node:timers/promises';

import type { Row } from '../report.js';
import type { CpuColumn } from './cpu-table.js';
import { isForeign, sumOf, type SystemCpu } from './system-cpu.js';

/** Before, it still compiles what it started with. */
const settleSeconds = 60;
const seconds = 30;
const wantedPercent = 2;

/** What an instance takes that nobody asks for anything, in percent of a core. */
export const measureIdle = async (
  system: SystemCpu,
): Promise<{ readonly row: Row; readonly cpu: CpuColumn }> => {
  await sleep(settleSeconds * 1_000);
  const { cpu } = await system.during(() => sleep(seconds * 1_000));
  const percent = (taken: number): number => (taken / seconds) * 100;
  const own = [...cpu].filter(([part]) => !isForeign(part));
  const all = percent(sumOf(new Map(own), () => true));
  return {
    row: {
      path: `idle for ${String(seconds)} s, all processes together`,
      measured: `${all.toFixed(2)} % of a core`,
      target: `< ${String(wantedPercent)} %`,
      met: all < wantedPercent,
    },
    cpu: { title: '% of a core', ms: new Map(own.map(([part, taken]) => [part, percent(taken)])) },
  };
};
