import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { readNote } from '#embedded/cluster-home.js';
import type { Voltrace } from '#test/support/voltrace.js';
import { FullDisk } from '#testing/full-disk.js';

/** A commit takes a tenth of a second more, whoever else commits: the longest that PostgreSQL lets one wait. */
const slowCommits = 'commit_delay = 100000\ncommit_siblings = 0\n';

export const diskHarms = ['slow disk', 'full disk'] as const;
export type DiskHarm = (typeof diskHarms)[number];

export const isDiskHarm = (harm: string): harm is DiskHarm =>
  diskHarms.some((name) => name === harm);

/** What a Voltrace writes to, which can be slow or full for a while. */
export class Disks {
  private readonly full = new FullDisk();

  /** Of the Voltrace that shall take it for its disk. */
  get env(): Readonly<Record<string, string>> {
    return this.full.env;
  }

  async harm(harm: DiskHarm, voltrace: Voltrace, ms: number): Promise<void> {
    if (harm === 'slow disk') await slow(voltrace, ms);
    else await this.fill(ms);
  }

  remove(): void {
    this.full.remove();
  }

  private async fill(ms: number): Promise<void> {
    this.full.fill();
    try {
      await sleep(ms);
    } finally {
      this.full.clear();
    }
  }
}

const slow = async (voltrace: Voltrace, ms: number): Promise<void> => {
  const { folder } = readNote(voltrace.dataDir) ?? {};
  if (folder === undefined) throw new Error(`${voltrace.dataDir} has no database of its own`);
  const settings = join(folder, 'postgresql.auto.conf');
  const before = readFileSync(settings, 'utf8');
  const apply = (text: string): void => {
    writeFileSync(settings, text);
    for (const { name, pid } of voltrace.children()) {
      if (name === 'postgres') readAgain(pid);
    }
  };
  try {
    apply(before + slowCommits);
    await sleep(ms);
  } finally {
    apply(before);
  }
};

/** One that has ended meanwhile reads the settings when it starts. */
const readAgain = (pid: number): void => {
  try {
    process.kill(pid, 'SIGHUP');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};
