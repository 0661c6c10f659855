import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { AppProcess } from '#embedded/app-process.js';
import { NeedsOperator } from '#embedded/needs-operator.js';
import { identityOf } from '#embedded/processes.js';

import { type Part, Supervised, type Watcher } from './supervised.js';

const folder = mkdtempSync(join(tmpdir(), 'voltrace-supervised-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const serving = "process.on('message', () => {}); process.send({ type: 'ready' });";

function script(name: string, code: string): string {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, code);
  return path;
}

function part(name: string, code: string, after: readonly Supervised[] = []): Part {
  const path = script(name, code);
  return {
    name,
    after,
    start: () =>
      Promise.resolve(new AppProcess({ script: path, env: { PATH: process.env['PATH'] } })),
  };
}

/** Notes what is told, and lets tests wait for it. */
class Notes implements Watcher {
  readonly log: string[] = [];
  readonly pids: number[] = [];
  private readonly waiting: (() => void)[] = [];

  started(name: string, pid: number): void {
    this.pids.push(pid);
    this.add(`${name} started`);
  }

  died(name: string, how: string): void {
    this.add(`${name} ${how.split('\n')[0] ?? ''}`);
  }

  gaveUp(name: string, _how: string, deaths: number): void {
    this.add(`${name} given up after ${deaths}`);
  }

  async until(entry: string, times = 1): Promise<void> {
    while (this.log.filter((logged) => logged === entry).length < times) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  private add(entry: string): void {
    this.log.push(entry);
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

describe('a supervised part', () => {
  it('is started again when it was killed', async () => {
    const notes = new Notes();
    const supervised = new Supervised(part('api', serving), notes);
    await supervised.start();
    process.kill(notes.pids[0]!, 'SIGKILL');
    await notes.until('api started', 2);
    await supervised.ready;
    expect(notes.log).toEqual(['api started', 'api was ended by SIGKILL', 'api started']);
    await supervised.stop(1_000);
    expect(identityOf(notes.pids[1]!)).toBeUndefined();
    expect(notes.log).toHaveLength(3);
  });

  it('is given up on after five ends before it was ready', async () => {
    const notes = new Notes();
    const supervised = new Supervised(part('broken', 'process.exit(7)'), notes);
    await expect(supervised.start()).rejects.toThrow('broken does not start');
    expect(notes.log.filter((entry) => entry === 'broken started')).toHaveLength(5);
    expect(notes.log.at(-1)).toBe('broken given up after 5');
  });

  it('is given up on at once when trying again is no use', async () => {
    const notes = new Notes();
    const refused = {
      name: 'postgres',
      after: [],
      start: () => Promise.reject(new NeedsOperator('no')),
    };
    await expect(new Supervised(refused, notes).start()).rejects.toThrow();
    expect(notes.log).toEqual(['postgres given up after 1']);
  });

  it('is not given up on while the disk is full, says so, and starts when there is room', async () => {
    const notes = new Notes();
    let starts = 0;
    const database = {
      name: 'postgres',
      after: [],
      start: () => {
        starts += 1;
        return starts < 6
          ? Promise.reject(new Error('could not write'))
          : part('postgres', serving).start();
      },
    };
    const excuse = () => Promise.resolve(starts < 6 ? 'disk full: 0 MiB free' : undefined);
    const supervised = new Supervised(database, notes, excuse);
    await supervised.start();
    expect(notes.log).toEqual([
      ...Array.from({ length: 5 }, () => 'postgres could not write (disk full: 0 MiB free)'),
      'postgres started',
    ]);
    await supervised.stop(1_000);
  });

  it('waits for what it needs, at each start', async () => {
    const notes = new Notes();
    const store = new Supervised(part('store', serving), notes);
    const client = new Supervised(part('client', serving, [store]), notes);
    const ready = client.start();
    await store.start();
    await ready;
    expect(notes.log).toEqual(['store started', 'client started']);
    await client.stop(1_000);
    await store.stop(1_000);
  });
});
