import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { handleCommand } from '#event-log/handle-command.js';
import { contentIdOf } from '#kernel/ids.js';
import { commandMeta } from '#testing/decider-spec.js';

import { SetElements } from '../../product/commands.js';
import { RetryImport } from '../commands.js';
import type { RowOutcome } from '../events.js';
import { countsOf } from '../state.js';
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

const lastOutcome = async (id: string): Promise<RowOutcome | undefined> => {
  const events = (await bench.events('import')).filter(({ stream }) => stream.endsWith(id));
  const processed = events.filter(({ type }) => type === 'ImportRowsProcessed');
  return (processed.at(-1)?.data['rows'] as readonly RowOutcome[] | undefined)?.[0];
};

describe('a row whose cell could not be read', () => {
  it('is settled by a retry once a curator has set the element, and keeps the raw text', async () => {
    const id = await bench.receive(`${header}\nCurated,C1,Unheard Of,1,1\n`);
    await runImport(bench.tools, id, 'a', never);
    const open = await lastOutcome(id);
    expect(open?.outcome).toBe('needsReview');
    const productId = open?.productId ?? '';
    const { log, registry, imports } = bench.tools;
    const elements = { BatteryChemistryType: { value: 'LiIon' } };
    const set = new SetElements(
      productId,
      { elements },
      commandMeta({ commandId: contentIdOf('test', id, 'set') }),
    );
    await handleCommand(log, registry.products, productId, set);
    const retry = new RetryImport(commandMeta({ commandId: contentIdOf('test', id, 'retry') }));
    await handleCommand(log, imports, id, retry);
    await runImport(bench.tools, id, 'b', never);
    const settled = await lastOutcome(id);
    expect(settled).toMatchObject({ outcome: 'unchanged', productId });
    expect(settled?.problems?.[0]?.raw).toBe('Unheard Of');
    expect(countsOf(await bench.state(id)).needsReview).toBe(0);
  });
});
