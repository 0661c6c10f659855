import type { CyclerRecord } from '../record.js';
import { type CounterSpan, readCounter } from './counter.js';
import { flowBetween } from './flow.js';
import { isHole } from './holes.js';
import type { StatisticsOptions } from './options.js';

/** A direct-current resistance: change of voltage by change of current. */
export interface Resistance {
  readonly ohm: number;
  /** Seconds between the last record before the current changed and the one that was read after it. */
  readonly afterS: number;
  readonly fromA: number;
  readonly toA: number;
}

/** What is summed of a step while it runs. */
export interface OpenStep {
  readonly first: CyclerRecord;
  last: CyclerRecord;
  /** The last record of the step before, unless records are missing in between. */
  readonly before: CyclerRecord | null;
  records: number;
  /** Seconds that were integrated. */
  coveredS: number;
  chargeAs: number;
  dischargeAs: number;
  chargeWs: number;
  dischargeWs: number;
  voltageVs: number;
  voltageMinV: number;
  voltageMaxV: number;
  currentMinA: number;
  currentMaxA: number;
  /** Integral over, and seconds of, the intervals that have a temperature at both ends. */
  temperatureCs: number;
  temperatureS: number;
  temperatureMinC: number | null;
  temperatureMaxC: number | null;
  longestIntervalS: number;
  missingS: number;
  readonly missingBeforeS: number;
  missingAfterS: number;
  charge: CounterSpan | null;
  discharge: CounterSpan | null;
  resistance: Resistance | null;
  resistanceRead: boolean;
}

/** What is known of the test so far, beside the step. */
export interface TestSoFar {
  largestA: number;
  longestIntervalS: number;
  /** The latest readings of the cycler's counters. */
  chargeAh: number | null;
  dischargeAh: number | null;
}

export const openStep = (
  record: CyclerRecord,
  last: OpenStep | null,
  test: TestSoFar,
  options: StatisticsOptions,
): OpenStep => {
  const intervalS = last === null ? 0 : record.testTimeS - last.last.testTimeS;
  const usual = { longestOfStepS: last?.longestIntervalS ?? 0, inStep: false };
  const hole = isHole(intervalS, { ...usual, longestOfTestS: test.longestIntervalS }, options);
  if (hole && last !== null) last.missingAfterS = intervalS;
  const step: OpenStep = {
    first: record,
    last: record,
    before: hole ? null : (last?.last ?? null),
    records: 1,
    coveredS: 0,
    chargeAs: 0,
    dischargeAs: 0,
    chargeWs: 0,
    dischargeWs: 0,
    voltageVs: 0,
    voltageMinV: record.voltageV,
    voltageMaxV: record.voltageV,
    currentMinA: record.currentA,
    currentMaxA: record.currentA,
    temperatureCs: 0,
    temperatureS: 0,
    temperatureMinC: record.temperatureC ?? null,
    temperatureMaxC: record.temperatureC ?? null,
    longestIntervalS: 0,
    missingS: 0,
    missingBeforeS: hole ? intervalS : 0,
    missingAfterS: 0,
    charge: null,
    discharge: null,
    resistance: null,
    resistanceRead: false,
  };
  take(step, record, test, options);
  if (!hole && last !== null) lead(step, Math.min(record.stepTimeS ?? 0, intervalS));
  return step;
};

/** Many cyclers take the first record of a step an interval after it began: until then it is as in that record. */
const lead = (step: OpenStep, seconds: number): void => {
  const { first } = step;
  const begun = { ...first, testTimeS: first.testTimeS - seconds };
  if (seconds > 0) integrate(step, begun, first, seconds);
};

/** Adds a record to the step that it belongs to. */
export const addToStep = (
  step: OpenStep,
  record: CyclerRecord,
  test: TestSoFar,
  options: StatisticsOptions,
): void => {
  const { last } = step;
  const intervalS = record.testTimeS - last.testTimeS;
  const usual = { longestOfStepS: step.longestIntervalS, longestOfTestS: test.longestIntervalS };
  if (isHole(intervalS, { inStep: true, ...usual }, options)) {
    step.missingS += intervalS;
  } else {
    integrate(step, last, record, intervalS);
    step.longestIntervalS = Math.max(step.longestIntervalS, intervalS);
    test.longestIntervalS = Math.max(test.longestIntervalS, intervalS);
  }
  step.last = record;
  step.records += 1;
  take(step, record, test, options);
};

const integrate = (
  step: OpenStep,
  last: CyclerRecord,
  record: CyclerRecord,
  intervalS: number,
): void => {
  const flow = flowBetween(last, record);
  step.coveredS += intervalS;
  step.chargeAs += flow.chargeAs;
  step.dischargeAs += flow.dischargeAs;
  step.chargeWs += flow.chargeWs;
  step.dischargeWs += flow.dischargeWs;
  step.voltageVs += ((last.voltageV + record.voltageV) / 2) * intervalS;
  if (last.temperatureC === undefined || record.temperatureC === undefined) return;
  step.temperatureCs += ((last.temperatureC + record.temperatureC) / 2) * intervalS;
  step.temperatureS += intervalS;
};

/** What a record says by itself. */
const take = (
  step: OpenStep,
  record: CyclerRecord,
  test: TestSoFar,
  options: StatisticsOptions,
): void => {
  const { voltageV, currentA, temperatureC, chargeAh, dischargeAh } = record;
  step.voltageMinV = Math.min(step.voltageMinV, voltageV);
  step.voltageMaxV = Math.max(step.voltageMaxV, voltageV);
  step.currentMinA = Math.min(step.currentMinA, currentA);
  step.currentMaxA = Math.max(step.currentMaxA, currentA);
  if (temperatureC !== undefined) {
    step.temperatureMinC = Math.min(step.temperatureMinC ?? temperatureC, temperatureC);
    step.temperatureMaxC = Math.max(step.temperatureMaxC ?? temperatureC, temperatureC);
  }
  if (chargeAh !== undefined) {
    step.charge = readCounter(step.charge, test.chargeAh, chargeAh);
    test.chargeAh = chargeAh;
  }
  if (dischargeAh !== undefined) {
    step.discharge = readCounter(step.discharge, test.dischargeAh, dischargeAh);
    test.dischargeAh = dischargeAh;
  }
  test.largestA = Math.max(test.largestA, Math.abs(currentA));
  readResistance(step, record, test, options.resistanceDelayS ?? 10);
};

/** A change of less than this share of the largest current says nothing about a resistance. */
const leastCurrentStep = 0.1;

/**
 * The resistance of a step is read once: at its first record that is `delayS` after its first one. It is dV / dI from
 * the last record of the step before; how long after that it was read is part of it, since it is no more than that.
 */
const readResistance = (
  step: OpenStep,
  record: CyclerRecord,
  { largestA }: TestSoFar,
  delayS: number,
): void => {
  if (step.resistanceRead || record.testTimeS - step.first.testTimeS < delayS) return;
  step.resistanceRead = true;
  const { before } = step;
  if (before === null || step.missingS > 0) return;
  const afterS = record.testTimeS - before.testTimeS;
  const [fromA, toA] = [before.currentA, record.currentA];
  const changed = Math.abs(toA - fromA) >= leastCurrentStep * largestA && toA !== fromA;
  if (!changed || afterS > Math.max(60, 3 * delayS)) return;
  step.resistance = {
    ohm: (record.voltageV - before.voltageV) / (toA - fromA),
    afterS,
    fromA,
    toA,
  };
};
