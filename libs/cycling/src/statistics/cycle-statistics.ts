import { type CounterSpan, joinCounters } from './counter.js';
import { type StatisticsOptions, wholeShare } from './options.js';
import type { Resistance } from './step.js';
import type { StepStatistics } from './step-statistics.js';

/** Why a cycle is not a whole one. */
export type PartialReason =
  /** Its records still come. */
  | 'running'
  /** Records are missing: `missingS` says for how many seconds. */
  | 'missing-records'
  | 'no-charge'
  | 'no-discharge'
  /** The test began, or ended, within it: the smaller of charge and discharge is less than 80 % of the other. */
  | 'first-of-test'
  | 'last-of-test';

/** What the steps of a cycle say together. Ah, Wh, V, degrees Celsius and seconds. */
export interface CycleStatistics {
  readonly cycle: number;
  readonly ended: boolean;
  readonly partial: readonly PartialReason[];
  /** What flowed first in it: an efficiency means something else where it is the discharge. */
  readonly begins: 'charge' | 'discharge' | null;
  readonly firstStepCount: number;
  readonly lastStepCount: number;
  readonly steps: number;
  readonly records: number;
  readonly startS: number;
  readonly endS: number;
  readonly startUtcMs: number | null;
  readonly endUtcMs: number | null;
  readonly chargeAh: number;
  readonly dischargeAh: number;
  readonly chargeWh: number;
  readonly dischargeWh: number;
  /** Discharge by charge; charge by discharge for the anode of a half-cell. Null where there is nothing to divide by. */
  readonly coulombicEfficiency: number | null;
  readonly energyEfficiency: number | null;
  /** Energy by charge. */
  readonly meanChargeV: number | null;
  readonly meanDischargeV: number | null;
  /** At the end of its last charge, and of its last discharge. */
  readonly endOfChargeV: number | null;
  readonly endOfDischargeV: number | null;
  readonly minV: number;
  readonly maxV: number;
  readonly minC: number | null;
  readonly maxC: number | null;
  /** Weighted by time. */
  readonly meanC: number | null;
  /** Capacity by that of the reference cycle: discharge, or charge for the anode of a half-cell. */
  readonly capacityRetention: number | null;
  /** Charge and discharge of the cycle, and of the test until its end. */
  readonly throughputAh: number;
  readonly testThroughputAh: number;
  /** Throughput of the test until the end of the cycle by twice the nominal capacity. */
  readonly equivalentFullCycles: number | null;
  /** Of the first step of each kind that tells one. */
  readonly chargeResistance: Resistance | null;
  readonly dischargeResistance: Resistance | null;
  /** Seconds without records. */
  readonly missingS: number;
  readonly counters: {
    readonly charge: CounterSpan | null;
    readonly discharge: CounterSpan | null;
  };
}

/** What is summed of a cycle; its time-weighted temperature as an integral. */
export interface OpenCycle extends Pick<
  CycleStatistics,
  | 'cycle'
  | 'begins'
  | 'firstStepCount'
  | 'lastStepCount'
  | 'steps'
  | 'records'
  | 'startS'
  | 'endS'
  | 'startUtcMs'
  | 'endUtcMs'
  | 'chargeAh'
  | 'dischargeAh'
  | 'chargeWh'
  | 'dischargeWh'
  | 'endOfChargeV'
  | 'endOfDischargeV'
  | 'minV'
  | 'maxV'
  | 'minC'
  | 'maxC'
  | 'chargeResistance'
  | 'dischargeResistance'
  | 'missingS'
  | 'counters'
> {
  readonly temperatureCs: number;
  readonly temperatureS: number;
  readonly isFirst: boolean;
}

/** The cycle with one more step; `null` begins one. */
export const addStep = (
  open: OpenCycle | null,
  step: StepStatistics,
  isFirst: boolean,
): OpenCycle => {
  const larger = step.chargeAh >= step.dischargeAh ? 'charge' : 'discharge';
  const direction = step.kind === 'rest' ? null : step.kind === 'mixed' ? larger : step.kind;
  const of = (kind: 'charge' | 'discharge') => (direction === kind ? step : undefined);
  const temperatureS = step.meanC === null ? 0 : step.coveredS;
  const temperatureCs = (step.meanC ?? 0) * temperatureS;
  const missingS = step.missingS + step.missingAfterS + (open === null ? step.missingBeforeS : 0);
  return {
    cycle: step.cycle,
    isFirst: open?.isFirst ?? isFirst,
    begins: open?.begins ?? direction,
    firstStepCount: open?.firstStepCount ?? step.stepCount,
    lastStepCount: step.stepCount,
    steps: (open?.steps ?? 0) + 1,
    records: (open?.records ?? 0) + step.records,
    startS: open?.startS ?? step.startS,
    endS: step.endS,
    startUtcMs: open ? open.startUtcMs : step.startUtcMs,
    endUtcMs: step.endUtcMs,
    chargeAh: (open?.chargeAh ?? 0) + step.chargeAh,
    dischargeAh: (open?.dischargeAh ?? 0) + step.dischargeAh,
    chargeWh: (open?.chargeWh ?? 0) + step.chargeWh,
    dischargeWh: (open?.dischargeWh ?? 0) + step.dischargeWh,
    endOfChargeV: of('charge')?.endV ?? open?.endOfChargeV ?? null,
    endOfDischargeV: of('discharge')?.endV ?? open?.endOfDischargeV ?? null,
    minV: Math.min(open?.minV ?? step.minV, step.minV),
    maxV: Math.max(open?.maxV ?? step.maxV, step.maxV),
    minC: lesser(open?.minC ?? null, step.minC, Math.min),
    maxC: lesser(open?.maxC ?? null, step.maxC, Math.max),
    temperatureCs: (open?.temperatureCs ?? 0) + temperatureCs,
    temperatureS: (open?.temperatureS ?? 0) + temperatureS,
    chargeResistance: open?.chargeResistance ?? of('charge')?.resistance ?? null,
    dischargeResistance: open?.dischargeResistance ?? of('discharge')?.resistance ?? null,
    missingS: (open?.missingS ?? 0) + missingS,
    counters: {
      charge: joinCounters(open?.counters.charge ?? null, step.counters.charge),
      discharge: joinCounters(open?.counters.discharge ?? null, step.counters.discharge),
    },
  };
};

const lesser = (
  a: number | null,
  b: number | null,
  of: (a: number, b: number) => number,
): number | null => (a === null || b === null ? (a ?? b) : of(a, b));

/** Whether anything flowed: a last cycle of nothing but rest has not begun. */
export const hasFlow = (cycle: OpenCycle): boolean => cycle.begins !== null;

/** The capacity that retention is about. */
export const capacityOf = (
  { chargeAh, dischargeAh }: Pick<OpenCycle, 'chargeAh' | 'dischargeAh'>,
  { electrode }: StatisticsOptions,
): number => (electrode === 'anode' ? chargeAh : dischargeAh);

/** How far the test had come when the cycle is looked at. */
export interface CycleEnd {
  /** Whether another cycle follows (`ended`), the test has ended in it (`last`), or its records still come. */
  readonly at: 'running' | 'ended' | 'last';
  /** Ah that flowed in the test before the cycle. */
  readonly throughputBeforeAh: number;
  /** Ah of the reference cycle, where it is known. */
  readonly referenceAh: number | null;
}

export const cycleStatistics = (
  open: OpenCycle,
  { at, throughputBeforeAh, referenceAh }: CycleEnd,
  options: StatisticsOptions,
): CycleStatistics => {
  const { temperatureCs, temperatureS, isFirst, ...sums } = open;
  const { chargeAh, dischargeAh, chargeWh, dischargeWh } = sums;
  const anode = options.electrode === 'anode';
  const throughputAh = chargeAh + dischargeAh;
  const testThroughputAh = throughputBeforeAh + throughputAh;
  const { nominalCapacityAh } = options;
  return {
    ...sums,
    ended: at !== 'running',
    partial: partialReasons(open, at, isFirst),
    coulombicEfficiency: anode ? ratio(chargeAh, dischargeAh) : ratio(dischargeAh, chargeAh),
    energyEfficiency: anode ? ratio(chargeWh, dischargeWh) : ratio(dischargeWh, chargeWh),
    meanChargeV: ratio(chargeWh, chargeAh),
    meanDischargeV: ratio(dischargeWh, dischargeAh),
    meanC: temperatureS > 0 ? temperatureCs / temperatureS : sums.minC,
    capacityRetention: referenceAh === null ? null : ratio(capacityOf(open, options), referenceAh),
    throughputAh,
    testThroughputAh,
    equivalentFullCycles:
      nominalCapacityAh === undefined ? null : ratio(testThroughputAh, 2 * nominalCapacityAh),
  };
};

const partialReasons = (
  { chargeAh, dischargeAh, missingS }: OpenCycle,
  at: CycleEnd['at'],
  isFirst: boolean,
): readonly PartialReason[] => {
  const uneven = Math.min(chargeAh, dischargeAh) < wholeShare * Math.max(chargeAh, dischargeAh);
  const reasons: readonly (readonly [PartialReason, boolean])[] = [
    ['running', at === 'running'],
    ['missing-records', missingS > 0],
    ['no-charge', chargeAh === 0],
    ['no-discharge', dischargeAh === 0],
    ['first-of-test', isFirst && uneven],
    ['last-of-test', at === 'last' && uneven],
  ];
  return reasons.filter(([, holds]) => holds).map(([reason]) => reason);
};

const ratio = (a: number, b: number): number | null => (b > 0 ? a / b : null);
