import { type CycleDefinition, leastShare } from './options.js';
import type { StepStatistics } from './step-statistics.js';

type Direction = 'charge' | 'discharge';

/** What decides whether the next step begins a cycle. */
export interface CycleRule {
  /** The cycle of the last step; null before the first one. */
  readonly cycle: number | null;
  /** What a cycle begins with, where it is told by what flowed first. */
  readonly begins: Direction | null;
  /** Ah of the charges and of the discharges of the cycle so far. */
  readonly chargeAh: number;
  readonly dischargeAh: number;
  /** Ah of the largest charge or discharge so far. */
  readonly largestAh: number;
}

export const noCycleYet: CycleRule = {
  cycle: null,
  begins: null,
  chargeAh: 0,
  dischargeAh: 0,
  largestAh: 0,
};

/** The rule after a step: its `cycle` is the one that the step belongs to. A rest belongs to what went before it. */
export const placeStep = (
  rule: CycleRule,
  step: Pick<StepStatistics, 'cycle' | 'kind' | 'chargeAh' | 'dischargeAh'>,
  definition: CycleDefinition,
): CycleRule => {
  // A number that goes back is not followed: the step belongs where it stands in time.
  if (definition === 'recorded')
    return { ...rule, cycle: Math.max(rule.cycle ?? step.cycle, step.cycle) };
  const cycle = rule.cycle ?? 1;
  if (step.kind === 'rest') return { ...rule, cycle };
  const direction = step.chargeAh >= step.dischargeAh ? 'charge' : 'discharge';
  const flowAh = step[`${direction}Ah`];
  const largestAh = Math.max(rule.largestAh, flowAh);
  const counts = (ah: number): boolean => ah > 0 && ah >= leastShare * largestAh;
  // What flowed so far may prove to have been next to nothing, such as the noise of a first rest.
  const isFirst = !counts(rule.chargeAh) && !counts(rule.dischargeAh);
  const begins =
    definition === 'as-begun'
      ? cycle === 1 && isFirst
        ? direction
        : (rule.begins ?? direction)
      : definition === 'charge-first'
        ? 'charge'
        : 'discharge';
  const after = begins === 'charge' ? rule.dischargeAh : rule.chargeAh;
  const flowed = { chargeAh: rule.chargeAh, dischargeAh: rule.dischargeAh };
  const isNew = direction === begins && counts(flowAh) && counts(after);
  const sums = isNew ? { chargeAh: 0, dischargeAh: 0 } : flowed;
  return {
    cycle: isNew ? cycle + 1 : cycle,
    begins,
    ...sums,
    [`${direction}Ah`]: sums[`${direction}Ah`] + flowAh,
    largestAh,
  };
};
