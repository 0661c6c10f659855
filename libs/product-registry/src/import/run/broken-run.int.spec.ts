import { rm, symlink } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { newEvent } from '#testing/new-event.js';

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

  /** What an older version meets when a later one has written to a stream. */
  const writeUnknown = async (stream: string): Promise<void> => {
    const { log } = bench.tools;
    for await (const { revision } of log.readStream(stream, { direction: 'backwards', limit: 1 })) {
      await log.append(stream, [newEvent('InventedLater', {})], revision);
    }
  };
  const unknown = { code: 'EVENT_TYPE_UNKNOWN' };

  it('is left to a later version where the import holds an event that this one does not know', async () => {
    const id = await bench.receive(`${header}\nUnknown Here,H1,LFP,1,1\n`);
    await writeUnknown(`import-${id}`);
    await expect(runImport(bench.another(), id, 'a', never)).rejects.toMatchObject(unknown);
    expect((await bench.events('manufacturer')).map(({ data }) => data['name'])).not.toContain(
      'Unknown Here',
    );
  });

  it('is left to a later version where a row meets one: the row is neither done nor rejected', async () => {
    const first = await bench.receive(`${header}\nUnknown There,T1,LFP,1,1\n`);
    expect(await runImport(bench.another(), first, 'a', never)).toBe('done');
    const [product] = (await bench.events('product')).slice(-1);
    await writeUnknown(product?.stream ?? '');
    const second = await bench.receive(`${header}\nUnknown There,T1,LFP,2,1\n`);
    expect(await runImport(bench.another(), second, 'a', never)).toBe('replaced');
    const { status, done } = await bench.state(second);
    expect([status, done.size]).toEqual(['running', 0]);
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
