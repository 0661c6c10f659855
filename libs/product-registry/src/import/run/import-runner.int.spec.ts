import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { quiet } from '#testing/quiet.js';

import { countsOf } from '../state.js';
import { ImportBench } from '../testing/import-bench.js';
import { ImportRunner } from './import-runner.js';

const options = { leaseMs: 1_000, pollMs: 50 };
const header = 'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW)';
const list = (maker: string, rows: number): string =>
  `${header}\n${Array.from({ length: rows }, (_, n) => `${maker} ${String(n % 4)},X-${String(n)},LFP,1,1\n`).join('')}`;

let bench: ImportBench;
beforeAll(async () => {
  bench = await ImportBench.start();
});
afterAll(async () => {
  await bench.stop();
});

const ended = async (id: string): Promise<void> => {
  for (;;) {
    const { status } = await bench.state(id);
    if (status === 'completed' || status === 'failed') return;
    await sleep(50);
  }
};

describe('the import runner', () => {
  it('finds what was received before it started', async () => {
    const id = await bench.receive(list('Early', 3));
    await bench.queue.enqueue(id, 'products');
    const runner = new ImportRunner(bench.tools, bench.queue, options);
    runner.start();
    await ended(id);
    await runner.stop();
    expect(countsOf(await bench.state(id)).accepted).toBe(3);
  });

  it('leaves its import to another one when it stops, which goes on with the same run', async () => {
    const id = await bench.receive(list('Relay', 900));
    await bench.queue.enqueue(id, 'products');
    const first = new ImportRunner(bench.another(), bench.queue, options);
    first.start();
    while ((await bench.state(id)).status === 'received') await sleep(20);
    await first.stop();
    expect((await bench.state(id)).status).toBe('running');
    const second = new ImportRunner(bench.another(), bench.queue, options);
    second.start();
    await ended(id);
    await second.stop();
    const state = await bench.state(id);
    expect([state.status, state.run, countsOf(state).accepted]).toEqual(['completed', 1, 900]);
  });

  it('runs an import again that is asked for while it runs', async () => {
    const content = list('Again', 400);
    const id = await bench.receive(content);
    await bench.queue.enqueue(id, 'products');
    const runner = new ImportRunner(bench.another(), bench.queue, options);
    runner.start();
    while ((await bench.state(id)).status === 'received') await sleep(20);
    // Before and after, as the routes do: a runner that looks in between takes it off the list.
    await bench.queue.enqueue(id, 'products');
    await bench.receive(content);
    await bench.queue.enqueue(id, 'products');
    while ((await bench.state(id)).run < 2) await sleep(50);
    await ended(id);
    await runner.stop();
    expect(countsOf(await bench.state(id))).toMatchObject({ accepted: 0, unchanged: 400 });
  });

  it('looks three times for a missing file, then the import fails', async () => {
    const id = await bench.receive(list('Fileless', 2));
    rmSync(bench.tools.files.pathOf((await bench.state(id)).received.sha256));
    await bench.queue.enqueue(id, 'products');
    const tools = { ...bench.another(), logger: quiet };
    const runner = new ImportRunner(tools, bench.queue, { ...options, missingMs: 50 });
    runner.start();
    await ended(id);
    await runner.stop();
    expect((await bench.state(id)).failure?.code).toBe('FILE_MISSING');
    const own = (await bench.events('import')).filter(({ stream }) => stream.endsWith(id));
    expect(own.map(({ type }) => type)).toEqual([
      'ImportReceived',
      'ImportRunStarted',
      'ImportFailed',
    ]);
  });
});
