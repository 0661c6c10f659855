import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { States } from '#event-log/states.js';

import { mergeManufacturer } from '../../manufacturer/change-manufacturer.js';
import { MergeManufacturer } from '../../manufacturer/commands.js';
import { manufacturerCategory } from '../../manufacturer/events.js';
import { resolveManufacturer } from '../../manufacturer/resolve-manufacturer.js';
import { ProductRegistry } from '../../registry.js';
import { haltingLog, ProcessDied } from '../../testing/halting-log.js';
import { makeManufacturer, newMeta } from '../../testing/make.js';
import { importDecider } from '../decider.js';
import { acceptedCountsOf, countsOf } from '../state.js';
import { importCase, outcomesOf } from '../testing/case-run.js';
import { ImportBench } from '../testing/import-bench.js';
import { runImport, type RunTools } from './run-import.js';

const never = new AbortController().signal;

let bench: ImportBench;
beforeAll(async () => {
  bench = await ImportBench.start();
});
afterAll(async () => {
  await bench.stop();
});

/** Carries out every row and dies before the first outcome is recorded. */
const diesBeforeOutcomes = async (id: string): Promise<void> => {
  const { log: real, ...tools } = bench.tools;
  const killed = new AbortController();
  const log = haltingLog(
    real,
    (events) => events.some(({ type }) => type === 'ImportRowsProcessed'),
    () => {
      killed.abort();
      return Promise.reject(new ProcessDied());
    },
  );
  const imports: RunTools['imports'] = new States(log, importDecider);
  const dying = { ...tools, log, imports, registry: new ProductRegistry(log) };
  await expect(runImport(dying, id, 'dead', killed.signal)).rejects.toThrow(ProcessDied);
};

describe('rows of manufacturers that are done again after a crash', () => {
  const list = [
    'EntityCode,ProdMfr_Value__cleaned,ProdMfr_Value__cec',
    'NEWMK,Brand New,Brand New Inc.',
    ',Has No Alias,Has No Alias Ltd.',
    'CODED,Has No Code,Has No Code',
    'KNOWN,Known Already,Known Already',
    'GONEM,Soon Merged,Soon Merged',
  ].join('\n');

  it('count as what the first attempt did', async () => {
    const { registry } = bench.tools;
    await makeManufacturer(registry, 'Has No Alias');
    await makeManufacturer(registry, 'Has No Code', null);
    await makeManufacturer(registry, 'Known Already', { rule: 'published', code: 'KNOWN' });
    const into = await makeManufacturer(registry, 'The Other');
    const id = await bench.receive(`${list}\n`, { kind: 'manufacturers' });
    await diesBeforeOutcomes(id);
    const merged = (await resolveManufacturer(registry, 'Soon Merged'))?.id ?? '';
    await mergeManufacturer(registry, new MergeManufacturer(merged, { into }, newMeta()));

    expect(await runImport(bench.another(), id, 'next', never)).toBe('done');
    const state = await bench.state(id);
    const accepted = [1, 2, 3, 4, 5].filter((row) => state.outcomes.accepted.has(row));
    expect([accepted, countsOf(state).unchanged]).toEqual([[1, 2, 3, 5], 1]);
  });

  it('have their outcome also where a newer list said other codes since', async () => {
    const { registry } = bench.tools;
    await makeManufacturer(registry, 'Repeated Code', { rule: 'published', code: 'REPEAT' });
    await makeManufacturer(registry, 'Changed Code', { rule: 'published', code: 'BEFORE' });
    const rows = (...codes: string[]) =>
      `EntityCode,Name\n${String(codes[0])},Repeated Code\n${String(codes[1])},Changed Code\n`;
    const id = await bench.receive(rows('REPEAT', 'CHANGE'), {
      kind: 'manufacturers',
      asOf: '2026-02-11',
    });
    await diesBeforeOutcomes(id);
    const newer = { kind: 'manufacturers', tools: bench.another() } as const;
    const since = await importCase(bench, rows('SINCE1', 'SINCE2'), '2026-03-01', newer);
    expect(outcomesOf(since)).toEqual(['accepted', 'accepted']);

    expect(await runImport(bench.another(), id, 'next', never)).toBe('done');
    const { outcomes } = await bench.state(id);
    expect([outcomes.unchanged.has(1), outcomes.accepted.has(2)]).toEqual([true, true]);
    const done = (await bench.events('import')).filter(
      ({ stream, type }) => stream.endsWith(id) && type === 'ImportRowsProcessed',
    );
    expect(done.flatMap(({ data }) => data['rows'])).toEqual([
      { row: 1, outcome: 'unchanged', manufacturerId: expect.any(String) as string },
      { row: 2, outcome: 'accepted', manufacturerId: expect.any(String) as string, isNew: false },
    ]);
    expect(await bench.events(manufacturerCategory)).toContainEqual(
      expect.objectContaining({
        type: 'EntityCodeListed',
        data: { code: 'REPEAT', asOf: '2026-02-11' },
      }),
    );
  });
});

describe('rows of products that are done again after a crash', () => {
  it('count as what the first attempt did, also where the maker was merged since', async () => {
    const { registry } = bench.tools;
    const into = await makeManufacturer(registry, 'Answering');
    const header = 'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW)';
    const id = await bench.receive(`${header}\nAbsorbed,A1,LFP,1,1\nStaying,S1,LFP,1,1\n`);
    await diesBeforeOutcomes(id);
    const absorbed = (await resolveManufacturer(registry, 'Absorbed'))?.id ?? '';
    await mergeManufacturer(registry, new MergeManufacturer(absorbed, { into }, newMeta()));

    expect(await runImport(bench.another(), id, 'next', never)).toBe('done');
    const state = await bench.state(id);
    expect(countsOf(state)).toMatchObject({ accepted: 2, unchanged: 0 });
    expect(acceptedCountsOf(state)).toEqual({ new: 2, changed: 0 });
  });
});
