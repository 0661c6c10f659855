import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ChildOf } from '#test/support/children.js';

import { childrenOf } from './cpu.js';
import { quantile } from './report.js';

const everyMs = 1_000;

/** Memory that is a process's own, with its share of what it has in common with others, in MiB (Linux). */
const pssMiB = (pid: number): number => {
  try {
    const rollup = readFileSync(`/proc/${String(pid)}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
};

/** A server with a process for each connection is all of them. */
const treeMiB = (pid: number): number =>
  [pid, ...childrenOf(pid)].reduce((sum, one) => sum + pssMiB(one), 0);

/** How much memory each of some processes takes while something is under way. */
export class MemoryWatch {
  private readonly taken = new Map<string, number[]>();
  private readonly done = new AbortController();
  private readonly watching: Promise<void>;

  constructor(private readonly processes: readonly ChildOf[]) {
    this.watching = this.watch();
  }

  /** By process, the median of each quarter of the time. */
  async stop(): Promise<ReadonlyMap<string, readonly number[]>> {
    this.done.abort();
    await this.watching;
    const quarters = [0, 1, 2, 3];
    return new Map(
      [...this.taken].map(([name, all]) => [
        name,
        quarters.map((quarter) => {
          const [from, to] = [quarter, quarter + 1].map((edge) => (edge * all.length) / 4);
          return quantile(all.slice(Math.floor(from ?? 0), Math.ceil(to ?? 0)), 0.5);
        }),
      ]),
    );
  }

  private async watch(): Promise<void> {
    while (!this.done.signal.aborted) {
      for (const { name, pid } of this.processes) {
        const all = this.taken.get(name) ?? [];
        all.push(treeMiB(pid));
        this.taken.set(name, all);
      }
      await sleep(everyMs);
    }
  }
}
