import { millis } from '../samples/records-of.js';
import type { CurrentSeen } from './commands.js';
import type { ExperimentEvent } from './events.js';
import type { Experiment } from './state.js';

/** Of the largest current that is allowed: what is less may be an error of what measures it. */
const ofLargest = 0.02;
const leastA = 0.01;
/** DESIGN 9: within so much an output that was told to be off is off. */
const marginMs = 2_000;
/** The clocks of units and of the server agree to within a lease. */
const clockMarginMs = 15_000;

/** Whether a current flows, in amperes. */
export const isCurrent = (currentA: number, { request }: Pick<Experiment, 'request'>): boolean => {
  const { min, max } = request.limits.currentA;
  return Math.abs(currentA) > Math.max(leastA, ofLargest * Math.max(-min, max));
};

/** Whether it is a current where the output is off: by the test time, and by UTC where the unit has said no test time. */
export const isAfterOff = (seen: CurrentSeen, state: Experiment): boolean => {
  const { output, offSince } = state;
  if (output === 'on' || !offSince || !isCurrent(seen.currentA, state)) return false;
  return offSince.testTimeS === null
    ? isLater(seen.at, offSince)
    : msAfterOff(seen, state) > marginMs;
};

/** How long the output was off by then, by what its unit has said; not above 0 where it was on, or nobody knows. */
export const msAfterOff = (
  { testTimeS, at }: Pick<CurrentSeen, 'testTimeS' | 'at'>,
  { output, offSince }: Experiment,
): number => {
  if (output === 'on' || !offSince) return -Infinity;
  return offSince.testTimeS === null
    ? Date.parse(at) - Date.parse(offSince.at)
    : (testTimeS - offSince.testTimeS) * 1_000;
};

/**
 * Whether a record is of the time before the output was off last: by the test time, and by UTC where only a person has
 * said that it is, or the unit has said no test time.
 */
export const isBeforeOff = (
  { testTimeS, at }: Pick<CurrentSeen, 'testTimeS' | 'at'>,
  { endedAtS, offSince }: Pick<Experiment, 'endedAtS' | 'offSince'>,
): boolean =>
  endedAtS === null
    ? offSince !== null && !isLater(at, offSince)
    : millis(testTimeS) <= millis(endedAtS);

const isLater = (utc: string, { at, by }: NonNullable<Experiment['offSince']>): boolean =>
  Date.parse(utc) - Date.parse(at) > (by === 'operator' ? clockMarginMs : marginMs);

/** The output is on where it was taken to be off: it is told to go off, until it is. */
export const foundOn = (
  what: string,
  at: string,
  { progress: { elapsedS, chargeAh, dischargeAh } }: Experiment,
): ExperimentEvent => ({
  type: 'SafetyTripped',
  data: {
    ...{ by: 'server', interlock: 'output', message: `the output should be off: ${what}`, at },
    ...{ elapsedS, chargeAh, dischargeAh, isOutputOn: true },
  },
});
