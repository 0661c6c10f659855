import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { NewEvent } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import { States } from '#event-log/states.js';

import { ProductRegistry } from '../../registry.js';
import { haltingLog, ProcessDied } from '../../testing/halting-log.js';
import { newMeta } from '../../testing/make.js';
import { CancelImport } from '../commands.js';
import { importDecider } from '../decider.js';
import type { Absence } from '../events.js';
import { runImport, type RunTools } from '../run/run-import.js';
import { ImportBench } from '../testing/import-bench.js';
import { ListsBench, textsOf } from '../testing/lists-bench.js';

const never = new AbortController().signal;

// Each test has a year of its own, in the order of the tests: lists of earlier ones are older.
let lists: ListsBench;
/** Another process. */
let other: RunTools;
beforeAll(async () => {
  lists = await ListsBench.start();
  other = lists.bench.another();
});
afterAll(async () => {
  await other.log.close();
  await lists.stop();
});

const isOfAbsences = (events: readonly NewEvent[]): boolean =>
  events.some(({ type }) => type === 'ImportAbsencesFound');

/** A process that halts before it appends what it found absent, the first time or later. */
const haltingTools = (halt: () => Promise<void>, after = 0) => {
  let left = after;
  const isIt = (events: readonly NewEvent[]) => {
    if (!isOfAbsences(events)) return false;
    left -= 1;
    return left < 0;
  };
  const log = haltingLog(lists.tools.log, isIt, halt);
  const imports: RunTools['imports'] = new States(log, importDecider);
  return { ...lists.tools, log, imports, registry: new ProductRegistry(log) };
};

const typesOf = async (id: string): Promise<readonly string[]> =>
  (await lists.bench.events('import'))
    .filter(({ stream }) => stream.endsWith(id))
    .map(({ type }) => type);

const rows = (maker: string, count: number): readonly string[] =>
  Array.from(
    { length: count },
    (_, n) => `${maker} ${String(n % 16)},${maker}-${String(n)},LFP,1,1`,
  );

/** An earlier list and, not yet imported, one that has only its first row. */
const shortened = async (maker: string, count: number, year: number): Promise<string> => {
  await lists.import(rows(maker, count), `${String(year)}-01-01`);
  return lists.receive(rows(maker, 1), `${String(year)}-02-01`);
};

const frozen = () => {
  let wake: () => void = () => undefined;
  const woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  return { tools: haltingTools(() => woken), wake: () => wake() };
};

describe('a run that breaks off before its absences are recorded', () => {
  it.each([
    [0, 2011, 'Before'],
    // The first 500 are on record.
    [1, 2012, 'Between'],
  ])('after %i of two appends finds the same when it goes on', async (after, year, maker) => {
    const id = await shortened(maker, 510, year);
    const killed = new AbortController();
    const dying = haltingTools(() => {
      killed.abort();
      return Promise.reject(new ProcessDied());
    }, after);
    await expect(runImport(dying, id, 'dead', killed.signal)).rejects.toThrow(ProcessDied);
    expect((await lists.imported(id)).absences).toHaveLength(after * 500);

    const { state, absences } = await lists.run(id, { ...other, store: lists.bench.store });
    expect([state.status, state.run]).toEqual(['completed', 1]);
    expect(new Set(textsOf(absences))).toEqual(
      new Set(
        rows(maker, 510)
          .slice(1)
          .map((row) => `gone ${row.split(',', 2).join(' ')}`),
      ),
    );
    expect(absences).toHaveLength(509);
    expect(await typesOf(id)).toEqual([
      ...['ImportReceived', 'ImportRunStarted', 'ImportFileRead', 'ImportRowsProcessed'],
      ...Array.from({ length: after }, () => 'ImportAbsencesFound'),
      ...['ImportRunStarted', ...Array.from({ length: 2 - after }, () => 'ImportAbsencesFound')],
      'ImportCompleted',
    ]);
  });

  it('records nothing more where another process took over', async () => {
    const id = await shortened('Replaced', 3, 2013);
    const { tools, wake } = frozen();
    const first = runImport(tools, id, 'first', never);
    await tools.log.halted;
    const { absences } = await lists.run(id, { ...other, store: lists.bench.store });
    const before = await typesOf(id);
    wake();
    expect([await first, absences.length]).toEqual(['replaced', 2]);
    expect(await typesOf(id)).toEqual(before);
  });

  it('records nothing where somebody cancels it, and a later run finds it all', async () => {
    const id = await shortened('Cancelled', 3, 2014);
    const { tools, wake } = frozen();
    const running = runImport(tools, id, 'first', never);
    await tools.log.halted;
    await handleCommand(other.log, other.imports, id, new CancelImport(newMeta()));
    wake();
    expect(await running).toBe('done');
    const { state, absences } = await lists.imported(id);
    expect([state.status, state.absent, absences]).toEqual(['cancelled', null, []]);
    expect(await typesOf(id)).not.toContain('ImportAbsencesFound');

    await lists.receive(rows('Cancelled', 1), '2014-02-01');
    expect((await lists.run(id)).absences).toHaveLength(2);
  });
});

describe('a list of which nobody can say what came before it', () => {
  it('is imported all the same, and says so', async () => {
    // Nothing builds the list of imports here.
    const bench = await ImportBench.start();
    try {
      const id = await bench.receive(
        'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW)\nNew,N-1,LFP,1,1\n',
      );
      const logger = { ...bench.tools.logger, warn: () => undefined };
      const tools = { ...bench.tools, logger, store: bench.store, compareWithinMs: 300 };
      expect(await runImport(tools, id, 'a', never)).toBe('done');
      expect(await bench.state(id)).toMatchObject({
        ...{ status: 'completed', absent: null },
        notCompared: { code: 'COMPARISON_TOO_LONG' },
      });
    } finally {
      await bench.stop();
    }
  });
});

describe('two lists that are imported at the same time', () => {
  it('are each compared with a list that was complete by then', async () => {
    const base = await lists.import(rows('Both', 3), '2015-01-01');
    const [middle, last] = [
      await lists.receive(rows('Both', 2), '2015-02-01'),
      await lists.receive(rows('Both', 1), '2015-03-01'),
    ];
    const second = { ...other, store: lists.bench.store };
    const both = await Promise.all([lists.run(middle), lists.run(last, second)]);
    const found = both.map(({ state, absences }) => [
      state.status,
      state.absent?.previous,
      textsOf(absences) as Absence['model'][],
    ]);
    // Which of them ends first is nobody's to say; the older one names nothing where it is the later one.
    expect([
      ['completed', base.id, ['gone Both 2 Both-2']],
      ['completed', undefined, []],
    ]).toContainEqual(found[0]);
    expect([
      ['completed', base.id, ['gone Both 1 Both-1', 'gone Both 2 Both-2']],
      ['completed', middle, ['gone Both 1 Both-1']],
    ]).toContainEqual(found[1]);
  });
});
