import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { handleCommand } from '#event-log/handle-command.js';
import { States } from '#event-log/states.js';
import { Refusal } from '#kernel/refusal.js';

import { ProductRegistry } from '../../registry.js';
import { haltingLog } from '../../testing/halting-log.js';
import { newMeta } from '../../testing/make.js';
import { CancelImport, RetryImport } from '../commands.js';
import { importDecider } from '../decider.js';
import { countsOf } from '../state.js';
import { ImportBench } from '../testing/import-bench.js';
import { runImport, type RunTools } from './run-import.js';

const never = new AbortController().signal;
const header = 'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW)';
const list = (maker: string, rows: number): string =>
  `${header}\n${Array.from({ length: rows }, (_, n) => `${maker} ${String(n % 4)},${maker}-${String(n)},LFP,1,1\n`).join('')}`;

let bench: ImportBench;
/** Another process, which people send their requests to. */
let other: RunTools;
beforeAll(async () => {
  bench = await ImportBench.start();
  other = bench.another();
});
afterAll(async () => {
  await other.log.close();
  await bench.stop();
});

const cancel = (id: string) =>
  handleCommand(other.log, other.imports, id, new CancelImport(newMeta()));

const endsOf = async (id: string): Promise<readonly string[]> =>
  (await bench.events('import'))
    .filter(({ stream, type }) => stream.endsWith(id) && /(Completed|Failed|Cancelled)$/.test(type))
    .map(({ type }) => type);

const registered = async (maker: string): Promise<readonly string[]> =>
  (await bench.events('product'))
    .filter(({ type }) => type === 'ProductRegistered')
    .map(({ data }) => String(data['model']))
    .filter((model) => model.startsWith(`${maker}-`));

const firstRegistered = async (maker: string): Promise<void> => {
  while ((await registered(maker)).length === 0) await sleep(20);
};

describe('a run that is cancelled', () => {
  it('ends between two rows, names what was done, and is gone on with by a retry', async () => {
    const rows = 400;
    const id = await bench.receive(list('Stop', rows));
    const running = runImport(bench.tools, id, 'a', never);
    await firstRegistered('Stop');
    const asked = performance.now();
    await cancel(id);
    expect(await running).toBe('done');
    expect(performance.now() - asked).toBeLessThan(5_000);
    const { status, outcomes } = await bench.state(id);
    expect(status).toBe('cancelled');
    expect(outcomes.accepted.size).toBe((await registered('Stop')).length);
    expect(outcomes.accepted.size).toBeLessThan(rows);

    await handleCommand(other.log, other.imports, id, new RetryImport(newMeta()));
    expect(await runImport(bench.tools, id, 'b', never)).toBe('done');
    const after = await bench.state(id);
    expect([after.status, countsOf(after)]).toEqual([
      'completed',
      { accepted: rows, unchanged: 0, rejected: 0, needsReview: 0 },
    ]);
    expect(await registered('Stop')).toHaveLength(rows);
  });

  it('ends once where the request races its end', async () => {
    for (let round = 0; round < 6; round += 1) {
      const maker = `Race${String(round)}`;
      const id = await bench.receive(list(maker, 2));
      const running = runImport(bench.tools, id, maker, never);
      while ((await registered(maker)).length < 2) await sleep(5);
      if (round % 2 === 1) await sleep(round * 5);
      const answer = await cancel(id).then(
        () => 'ImportCancelled',
        (error: unknown) => {
          if (error instanceof Refusal && error.code === 'IMPORT_FINISHED')
            return 'ImportCompleted';
          throw error;
        },
      );
      expect(await running).toBe('done');
      expect(await endsOf(id)).toEqual([answer]);
    }
  });

  it('is ended by the next runner where its own is gone, which then adds nothing', async () => {
    const id = await bench.receive(list('Gone', 40));
    const tools = bench.another();
    let wake: () => void = () => undefined;
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    // Started, file read, and some rows: then it is frozen, or dead.
    const log = haltingLog(tools.log, 12, () => woken);
    const imports: RunTools['imports'] = new States(log, importDecider);
    const frozen = { ...tools, log, imports, registry: new ProductRegistry(log) };
    const first = runImport(frozen, id, 'first', never).catch((error: unknown) => error);
    await log.halted;
    await cancel(id);
    expect((await bench.state(id)).status).toBe('running');
    expect(await runImport(bench.tools, id, 'second', never)).toBe('done');
    const ended = await bench.state(id);
    expect(ended.status).toBe('cancelled');
    wake();
    await first;
    const own = (await bench.events('import')).filter(({ stream }) => stream.endsWith(id));
    const types = own.map(({ type }) => type);
    // Not started anew by the second, and nothing more of the first.
    expect(types.slice(types.indexOf('ImportCancelRequested') + 1)).toEqual(['ImportCancelled']);
    expect(countsOf(await bench.state(id))).toEqual(countsOf(ended));
    await tools.log.close();
  });
});
