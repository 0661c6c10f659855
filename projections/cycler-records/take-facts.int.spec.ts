import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { CyclerRecord } from '#cycling/record.js';
import { tablesOf } from '#cycling/statistics/tables.fixture.js';
import type { Fact } from '#fanout/fact.js';

import {
  experimentFact,
  queued,
  recorded,
  RecordsDatabase,
  recordsOfSteps,
} from './records-database.fixture.js';

let database: RecordsDatabase;
beforeAll(async () => {
  database = await RecordsDatabase.create();
});
afterEach(() => database.forget());
afterAll(() => database.stop());

const steps = [1, 2, 3].flatMap((cycle) => [
  { currentA: 1, seconds: 900, cycle },
  // Of one record, at the test time of the next step.
  { currentA: 0, seconds: 0, cycle },
  { currentA: 0, seconds: 60, cycle },
  { currentA: -1, seconds: 800, cycle },
]);
const records = recordsOfSteps(steps);
const options = { cycle: 'recorded', nominalCapacityAh: 1, longestIntervalS: 30 } as const;

const documents = async (table: 'step' | 'cycle'): Promise<readonly unknown[]> => {
  const key = { step: 'step_count', cycle: 'cycle' }[table];
  const { rows } = await database.store.pool.query<{ document: unknown }>(
    `select document from lab_records.${table} order by ${key}`,
  );
  return rows.map(({ document }) => document);
};

/** In which transaction the first step was written. */
const firstStepWritten = async (): Promise<readonly object[]> => {
  const sql = 'select xmin::text from lab_records.step where step_count = 1';
  const { rows } = await database.store.pool.query<object>(sql);
  expect(rows).toHaveLength(1);
  return rows;
};

/** Cut at indexes, each piece begins so many records early: they come again. */
const chunks = (all: readonly CyclerRecord[], cuts: readonly number[], again = 0): Fact[] =>
  [0, ...cuts].map((from, at) =>
    recorded('e1', all.slice(Math.max(0, from - again), cuts[at] ?? all.length)),
  );

describe('the statistics of an experiment', () => {
  it('are those of its records, though two of them are of one test time at each change of steps', async () => {
    const end = experimentFact('e1', 'ExperimentCompleted');
    await database.take([queued('e1'), ...chunks(records, [100, 200, 300]), end], 1);
    const expected = tablesOf([records.map((one) => ({ ...one, utcMs: utcOf(one) }))], options);
    expect(await documents('step')).toEqual(expected.steps);
    expect(await documents('cycle')).toEqual(expected.cycles);
    expect(expected.cycles).toMatchObject([
      ...[1, 2, 3].map((cycle) => ({
        ...{ cycle, ended: true, partial: [] },
        ...{ chargeAh: expect.closeTo(0.25), dischargeAh: expect.closeTo(800 / 3600) },
      })),
    ]);
  });

  it('do not depend on the order of the two topics, on repetitions, nor on batches', async () => {
    const end = experimentFact('e1', 'ExperimentCompleted');
    const own = [queued('e1'), end];
    const cut = fc.uniqueArray(fc.integer({ min: 1, max: records.length - 1 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        cut.map((at) => at.sort((a, b) => a - b)),
        fc.nat(20),
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        async (cuts, again, turns, size) => {
          const taken = chunks(records, cuts, again);
          await database.forget();
          await database.take([...own, ...taken]);
          const expected = await database.dump();
          await database.forget();
          const [first, second] = [[...own], [...taken, taken[0]!]];
          const mixed = turns.flatMap((turn) => (turn ? first : second).splice(0, 1));
          await database.take([...mixed, ...first, ...second], size);
          expect(await database.dump()).toEqual(expected);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('are computed anew from where late records belong', async () => {
    const [first, , , ...others] = chunks(records, [100, 110, 120, 300]);
    const late = chunks(records, [100, 110, 120, 300]).slice(1, 3);
    // Records that come late are later in the log.
    await database.take([queued('e1'), first!, ...others]);
    expect(await documents('cycle')).toMatchObject([
      { partial: ['missing-records', 'first-of-test'] },
      {},
      {},
    ]);
    await database.take(late.reverse(), 1);
    const expected = tablesOf([records.map((one) => ({ ...one, utcMs: utcOf(one) }))], options);
    expect((await documents('step')).slice(0, -1)).toEqual(expected.steps.slice(0, -1));
    expect((await documents('cycle')).slice(0, -1)).toEqual(expected.cycles.slice(0, -1));
  });

  it('are computed while an import goes on, and anew where its cycles are not those that were expected', async () => {
    const taken = chunks(
      records.map((one) => ({ ...one, cycle: 1 })),
      [100, 200],
    );
    const requested = { nominalCapacityAh: 1, cycles: 'file' };
    await database.take([experimentFact('e1', 'ExperimentImportRequested', requested), ...taken]);
    expect(await documents('cycle')).toMatchObject([{ cycle: 1 }]);
    await database.take([experimentFact('e1', 'ExperimentImported', { cycles: 'steps' })]);
    expect(await documents('cycle')).toMatchObject([{ cycle: 1 }, { cycle: 2 }, { cycle: 3 }]);
  });

  it('are not computed anew at the end of an import that is as its headers promise', async () => {
    const taken = chunks(
      records.map((one) => ({ ...one, cycle: 1 })),
      [100, 200],
    );
    const requested = { nominalCapacityAh: 1, cycles: 'steps' };
    await database.take([experimentFact('e1', 'ExperimentImportRequested', requested), ...taken]);
    const before = await firstStepWritten();
    await database.take([experimentFact('e1', 'ExperimentImported', { cycles: 'steps' })]);
    expect(await firstStepWritten()).toEqual(before);
    expect(await documents('cycle')).toMatchObject([{ cycle: 1 }, { cycle: 2 }, { cycle: 3 }]);
  });

  it('are kept apart by experiment, and come to the same in two transactions at once', async () => {
    const both = ['e1', 'e2'].map((id) => ({
      facts: [queued(id), experimentFact(id, 'ExperimentCompleted')],
      samples: [records.slice(0, 150), records.slice(150)].map((some) => recorded(id, some)),
    }));
    const facts = both.flatMap((one) => one.facts);
    const samples = both.flatMap((one) => one.samples);
    await database.take([...facts, ...samples]);
    const expected = await database.dump();
    await database.forget();
    await Promise.all([database.take(facts, 1), database.take(samples, 1)]);
    expect(await database.dump()).toEqual(expected);
  });
});

const utcOf = ({ testTimeS }: CyclerRecord): number =>
  Date.parse('2026-05-04T11:00:00.000Z') + Math.round(testTimeS * 1_000);
