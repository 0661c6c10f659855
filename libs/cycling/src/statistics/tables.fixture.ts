import type { CyclerRecord } from '../record.js';
import type { CycleStatistics } from './cycle-statistics.js';
import type { StatisticsOptions } from './options.js';
import { CyclerStatistics } from './statistics.js';
import type { StepStatistics } from './step-statistics.js';

/** The steps and cycles of records that come in batches, with the state stored between them as a consumer does. */
export const tablesOf = (
  batches: readonly (readonly CyclerRecord[])[],
  options: StatisticsOptions = {},
): { readonly steps: readonly StepStatistics[]; readonly cycles: readonly CycleStatistics[] } => {
  const steps = new Map<number, StepStatistics>();
  const cycles = new Map<number, CycleStatistics>();
  let running = new CyclerStatistics(options);
  const keep = (changes: ReturnType<CyclerStatistics['end']>): void => {
    for (const step of changes.steps) steps.set(step.stepCount, step);
    for (const cycle of changes.cycles) cycles.set(cycle.cycle, cycle);
  };
  for (const batch of batches) {
    keep(running.add(batch));
    const stored = JSON.stringify(running.state());
    running = new CyclerStatistics(options, JSON.parse(stored) as ReturnType<typeof running.state>);
  }
  keep(running.end());
  return { steps: [...steps.values()], cycles: [...cycles.values()] };
};
