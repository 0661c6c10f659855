import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe } from 'vitest';

import type { CyclerRecord } from '#cycling/record.js';
import { compareCounters, type CounterReport } from '#cycling/statistics/compare-counters.js';
import type { CycleStatistics } from '#cycling/statistics/cycle-statistics.js';
import type { StatisticsOptions } from '#cycling/statistics/options.js';
import type { StepStatistics } from '#cycling/statistics/step-statistics.js';
import { tablesOf } from '#cycling/statistics/tables.fixture.js';
import { projectRoot } from '#testing/build.js';

import { openCyclerFiles } from './cycler-files.js';
import type { FileOptions } from './inspect-file.js';
import type { ImportReport } from './report.js';

const shared = join(projectRoot, '..', 'shared');
export const casesFolder = join(shared, 'cases', 'battery');
export const dataFolder = join(shared, 'data', 'battery');

interface ExpectedCycle {
  readonly charge_Ah: number;
  readonly discharge_Ah: number;
  readonly charge_Wh: number;
  readonly discharge_Wh: number;
}

export interface BatteryCase {
  readonly file: string;
  readonly cycles: Readonly<Record<string, ExpectedCycle>>;
  readonly disagreement_in_cycles?: readonly number[];
  readonly first_cycle_in_file?: number;
  readonly warnings?: readonly string[];
  readonly stitched_with?: string;
  readonly overlapping_records?: number;
  readonly zone?: string;
  readonly start_utc?: string;
  readonly incomplete_cycles?: readonly number[];
  readonly reported_lines?: readonly number[];
}

export interface ExpectedStatistics {
  readonly cycle: number;
  readonly rows: number;
  readonly int_charge_ah: number;
  readonly int_discharge_ah: number;
  readonly int_charge_wh: number;
  readonly int_discharge_wh: number;
  readonly counter_charge_ah: number;
  readonly counter_discharge_ah: number;
  readonly vmin: number;
  readonly vmax: number;
}

const json = (folder: string, file: string): unknown =>
  JSON.parse(readFileSync(join(folder, file), 'utf8'));

export const batteryCases = (): readonly BatteryCase[] =>
  existsSync(casesFolder) ? (json(casesFolder, 'expected.json') as BatteryCase[]) : [];

export const expectedStatistics = () =>
  json(dataFolder, 'expected-cycle-stats.json') as {
    readonly files: Readonly<Record<string, readonly ExpectedStatistics[]>>;
  };

/** Tests over files that stand beside the repository; skipped, saying so, where they are absent. */
export const describeShared = (folder: string, name: string, tests: () => void): void => {
  if (existsSync(folder)) describe(name, tests);
  else describe.skip(`${name} (${folder.slice(shared.length - 'shared'.length)} is absent)`, tests);
};

export interface ReadTest {
  readonly records: readonly CyclerRecord[];
  readonly report: ImportReport;
  readonly steps: readonly StepStatistics[];
  readonly cycles: readonly CycleStatistics[];
  readonly counters: CounterReport;
}

/** Reads files of one test; the state of the statistics goes through JSON between batches, as a consumer stores it. */
export const readTest = async (
  paths: readonly string[],
  options: FileOptions = {},
  statistics: StatisticsOptions = {},
): Promise<ReadTest> => {
  const files = await openCyclerFiles(
    paths.map((path) => ({ path })),
    options,
  );
  const batches: (readonly CyclerRecord[])[] = [];
  for await (const batch of files.records()) batches.push(batch);
  const report = files.report();
  const definition = report.cycles === 'steps' ? ({ cycle: 'as-begun' } as const) : {};
  return {
    records: batches.flat(),
    report,
    ...statisticsOf(batches, { ...definition, ...statistics }),
  };
};

export const statisticsOf = (
  batches: readonly (readonly CyclerRecord[])[],
  options: StatisticsOptions = {},
): Pick<ReadTest, 'steps' | 'cycles' | 'counters'> => {
  const tables = tablesOf(batches, options);
  return { ...tables, counters: compareCounters(tables.cycles) };
};
