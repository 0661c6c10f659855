import type { CounterSpan } from './counter.js';
import type { StatisticsOptions } from './options.js';
import type { OpenStep, Resistance, TestSoFar } from './step.js';

/** `mixed`: the smaller of charge and discharge is more than a fifth of the larger, as in a drive cycle. */
export type StepKind = 'charge' | 'discharge' | 'rest' | 'mixed';

/** What the records of one executed step say. Ah, Wh, V, A, degrees Celsius and seconds. */
export interface StepStatistics {
  readonly stepCount: number;
  readonly stepId: number;
  /** By the definition of cycles that was asked for. */
  readonly cycle: number;
  readonly kind: StepKind;
  /** False while its records still come. */
  readonly ended: boolean;
  readonly records: number;
  /** Seconds of test time. */
  readonly startS: number;
  readonly endS: number;
  /** Milliseconds since 1970, UTC. */
  readonly startUtcMs: number | null;
  readonly endUtcMs: number | null;
  /** Integrals of the step alone, by the sign of the current. */
  readonly chargeAh: number;
  readonly dischargeAh: number;
  readonly chargeWh: number;
  readonly dischargeWh: number;
  readonly startV: number;
  readonly endV: number;
  readonly minV: number;
  readonly maxV: number;
  /** Weighted by time. */
  readonly meanV: number;
  readonly startA: number;
  readonly endA: number;
  readonly minA: number;
  readonly maxA: number;
  readonly minC: number | null;
  readonly maxC: number | null;
  readonly meanC: number | null;
  /** Seconds without records: within the step, between it and the step before, and between it and the next one. */
  readonly missingS: number;
  readonly missingBeforeS: number;
  readonly missingAfterS: number;
  /** Seconds that the integrals cover. */
  readonly coveredS: number;
  readonly resistance: Resistance | null;
  /** What the cycler's own counters showed. */
  readonly counters: {
    readonly charge: CounterSpan | null;
    readonly discharge: CounterSpan | null;
  };
}

/** A thousandth of the largest current of a test is no current. */
const restShare = 0.001;
const mixedShare = 0.2;

const kindOf = (
  step: OpenStep,
  { largestA }: TestSoFar,
  { restCurrentA = restShare * largestA }: StatisticsOptions,
): StepKind => {
  const { chargeAs, dischargeAs, currentMinA, currentMaxA, last } = step;
  if (Math.max(currentMaxA, -currentMinA) <= restCurrentA) return 'rest';
  if (chargeAs === dischargeAs) return last.currentA < 0 ? 'discharge' : 'charge';
  const [smaller, larger] = [Math.min(chargeAs, dischargeAs), Math.max(chargeAs, dischargeAs)];
  if (smaller > mixedShare * larger) return 'mixed';
  return chargeAs > dischargeAs ? 'charge' : 'discharge';
};

export const stepStatistics = (
  step: OpenStep,
  cycle: number,
  ended: boolean,
  test: TestSoFar,
  options: StatisticsOptions,
): StepStatistics => {
  const { first, last } = step;
  return {
    stepCount: first.stepCount,
    stepId: first.stepId,
    cycle,
    kind: kindOf(step, test, options),
    ended,
    records: step.records,
    startS: first.testTimeS,
    endS: last.testTimeS,
    startUtcMs: first.utcMs ?? null,
    endUtcMs: last.utcMs ?? null,
    chargeAh: step.chargeAs / 3600,
    dischargeAh: step.dischargeAs / 3600,
    chargeWh: step.chargeWs / 3600,
    dischargeWh: step.dischargeWs / 3600,
    startV: first.voltageV,
    endV: last.voltageV,
    minV: step.voltageMinV,
    maxV: step.voltageMaxV,
    meanV: step.coveredS > 0 ? step.voltageVs / step.coveredS : first.voltageV,
    startA: first.currentA,
    endA: last.currentA,
    minA: step.currentMinA,
    maxA: step.currentMaxA,
    minC: step.temperatureMinC,
    maxC: step.temperatureMaxC,
    meanC: step.temperatureS > 0 ? step.temperatureCs / step.temperatureS : step.temperatureMinC,
    missingS: step.missingS,
    missingBeforeS: step.missingBeforeS,
    missingAfterS: step.missingAfterS,
    coveredS: step.coveredS,
    resistance: step.resistance,
    counters: { charge: step.charge, discharge: step.discharge },
  };
};
