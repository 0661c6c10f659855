import { rm, symlink } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ImportBench } from '../testing/import-bench.js';
import { runImport } from './run-import.js';

const never = new AbortController().signal;
const header = 'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW)';

let bench: ImportBench;
beforeAll(async () => {
  bench = await ImportBench.start();
});
afterAll(async () => {
  await bench.stop();
});

describe('a run that cannot go on', () => {
  it('carries no row out once it does not hold the import any more', async () => {
    const id = await bench.receive(`${header}\nHeldless,H1,LFP,1,1\n`);
    const lost = new AbortController();
    const ensureHeld = () => {
      lost.abort(new Error('lost'));
      return Promise.reject(new Error('lost'));
    };
    const run = runImport(bench.another(), id, 'a', lost.signal, { ensureHeld });
    await expect(run).rejects.toThrow('lost');
    const makers = await bench.events('manufacturer');
    expect(makers.filter(({ data }) => data['name'] === 'Heldless')).toEqual([]);
    expect((await bench.state(id)).done.size).toBe(0);
  });

  it('fails before any row is taken where the list is longer than this server takes', async () => {
    const id = await bench.receive(`${header}\n${'Too Long,T1,LFP,1,1\n'.repeat(4)}`);
    expect(await runImport({ ...bench.tools, maxRows: 3 }, id, 'a', never)).toBe('done');
    const { status, failure, done } = await bench.state(id);
    expect([status, failure?.code, done.size]).toEqual(['failed', 'LIST_TOO_LONG', 0]);
    const makers = await bench.events('manufacturer');
    expect(makers.filter(({ data }) => data['name'] === 'Too Long')).toEqual([]);
  });

  it('fails with a reason where it breaks off again and again', async () => {
    const id = await bench.receive(`${header}\nUnread,U1,LFP,1,1\n`);
    const path = bench.tools.files.pathOf((await bench.state(id)).received.sha256);
    await rm(path);
    // A file whose every read fails.
    await symlink('/proc/self/mem', path);
    const logger = { ...bench.tools.logger, error: () => undefined };
    expect(await runImport({ ...bench.tools, logger }, id, 'a', never)).toBe('done');
    const { status, failure } = await bench.state(id);
    expect([status, failure?.code]).toEqual(['failed', 'RUN_BROKE_OFF']);
    expect(failure?.reason).toContain('EIO');
  });
});
