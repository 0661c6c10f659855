import type { CycleStatistics } from '#cycling/statistics/cycle-statistics.js';
import { DifferentialBins, type DifferentialCapacity } from '#cycling/statistics/differential.js';
import type { StatisticsOptions } from '#cycling/statistics/options.js';
import { CyclerStatistics, type StatisticsChanges } from '#cycling/statistics/statistics.js';
import type { StepStatistics } from '#cycling/statistics/step-statistics.js';
import { Refusal } from '#kernel/refusal.js';
import type { ReadStore } from '#read-store/read-store.js';
import { fromSnapshot } from '#resource/snapshot.js';
import type { Queryable } from '#resource/sql.js';

import { optionsOf, readExperiments } from './experiments.js';
import { readRecords, type RecordRange } from './read-records.js';

/** Records that are read for one request. */
const mostRecords = 2_000_000;
const mostBins = 20_000;

export interface Tables {
  readonly steps: readonly StepStatistics[];
  readonly cycles: readonly CycleStatistics[];
}

/** Computes the steps and cycles of an experiment by other options than those that are kept. Throws a `Refusal`. */
export const computedBy = async (
  store: ReadStore,
  id: string,
  asked: Partial<StatisticsOptions>,
): Promise<Tables> => {
  const steps = new Map<number, StepStatistics>();
  const cycles = new Map<number, CycleStatistics>();
  const keep = (changes: StatisticsChanges): void => {
    for (const step of changes.steps) steps.set(step.stepCount, step);
    for (const cycle of changes.cycles) cycles.set(cycle.cycle, cycle);
  };
  return inSnapshot(store, async (client) => {
    await requireFew(client, id, {});
    const experiment = (await readExperiments(client, [id])).get(id);
    const statistics = new CyclerStatistics({ ...optionsOf(experiment), ...asked });
    for await (const records of readRecords(client, id, {}, { channels: false })) {
      keep(statistics.add(records.map(({ record }) => record)));
    }
    if (experiment?.has_ended === true) keep(statistics.end());
    return { steps: [...steps.values()], cycles: [...cycles.values()] };
  });
};

export interface Differential {
  readonly direction: 'charge' | 'discharge';
  readonly binV: number;
  /** Undefined: there are no such records. */
  readonly rangeOf: (client: Queryable) => Promise<RecordRange | undefined>;
}

/** dQ/dV of a range of records. Throws a `Refusal`. */
export const differentialOf = async (
  store: ReadStore,
  id: string,
  { direction, binV, rangeOf }: Differential,
): Promise<DifferentialCapacity> => {
  const bins = new DifferentialBins(direction, binV);
  return inSnapshot(store, async (client) => {
    const range = await rangeOf(client);
    if (!range) return bins.result;
    await requireFew(client, id, range);
    for await (const records of readRecords(client, id, range, { channels: false })) {
      for (const { record } of records) bins.add(record);
      if (bins.size > mostBins) throw tooManyBins();
    }
    return bins.result;
  });
};

/** As few of these at once as of exports: each is as much work. */
const inSnapshot = async <T>(
  store: ReadStore,
  work: (client: Queryable) => Promise<T>,
): Promise<T> => {
  const results = fromSnapshot(store.pool, async function* (client) {
    yield await work(client);
  });
  for await (const result of results) return result;
  throw new Error('a snapshot gave nothing');
};

const requireFew = async (client: Queryable, id: string, { steps }: RecordRange): Promise<void> => {
  const { rows } = await client.query<{ records: number | null }>(
    `select sum(records)::float8 as records from lab_records.chunk
      where experiment_id = $1 and last_step >= $2 and first_step <= $3`,
    [id, steps?.first ?? 0, steps?.last ?? Number.MAX_SAFE_INTEGER],
  );
  const records = rows[0]?.records ?? 0;
  if (records <= mostRecords) return;
  throw new Refusal(
    'TOO_MANY_RECORDS',
    'unprocessable',
    `${String(records)} records would be read; expected at most ${String(mostRecords)}: name one cycle or step, or export them`,
  );
};

const tooManyBins = () =>
  new Refusal(
    'TOO_MANY_BINS',
    'unprocessable',
    `the voltages are spread over more than ${String(mostBins)} bins`,
    { errors: [{ pointer: '?bin', reason: 'expected a larger one' }] },
  );
