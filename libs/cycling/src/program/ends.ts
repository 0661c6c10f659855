import type { Limited } from './limits.js';
import { type End, endsOf, type Step, type When } from './program.js';

/** What a step's own end conditions end it by. */
export type EndCause = NonNullable<When['cause']>;

/**
 * Why a step ended. Only a cause that the step has a condition for advances the program; `stop` completes it, since a
 * condition of the whole test was met; with any other one it halts.
 */
export type Cause = EndCause | 'stop' | 'operator' | 'trip' | 'refused' | 'lost';

/** Values during a step. Times, capacity and energy count from its begin, over its interruptions. */
export interface Measurement extends Limited {
  readonly stepTimeS: number;
  readonly voltageV: number;
  /** Positive charges, as do power, capacity and energy. */
  readonly currentA: number;
  readonly powerW: number;
  readonly capacityAh: number;
  readonly energyWh: number;
  readonly temperatureC?: number;
  /** By how much the voltage has fallen from its greatest in the step; not negative. */
  readonly deltaVoltageV: number;
}

type Compared = Exclude<keyof End, 'of' | 'is'>;

const causes = {
  timeS: 'time',
  voltageV: 'voltage',
  currentA: 'current',
  cRate: 'current',
  powerW: 'power',
  capacityAh: 'capacity',
  energyWh: 'energy',
  temperatureC: 'temperature',
  deltaVoltageV: 'deltaVoltage',
} as const satisfies Record<Compared, EndCause>;
const compared = Object.keys(causes) as readonly Compared[];

/** The quantities that a condition names: of a valid one, a single one. */
export const quantitiesOf = (end: End | When): readonly Compared[] =>
  compared.filter((quantity) => quantity in end);

const quantityOf = (end: End): Compared => quantitiesOf(end)[0] ?? 'timeS';

/** The cause that an end condition ends its step by. */
export const causeOf = (end: End): EndCause => causes[quantityOf(end)];

/** 1: the step charges, -1: it discharges, 0: it rests, or the battery decides. */
export const directionOf = (step: Step): -1 | 0 | 1 => {
  switch (step.do) {
    case 'cc':
    case 'cccv':
      return (step.currentA ?? step.cRate ?? 0) < 0 ? -1 : 1;
    case 'cp':
      return step.powerW < 0 ? -1 : 1;
    case 'cr':
      return -1;
    case 'rest':
    case 'cv':
    case 'drive':
      return 0;
  }
};

type Comparison = NonNullable<End['is']>;

/** How current and power go within a step, by what it holds and its direction. Absent: a condition has to say it. */
const trendOf = (step: Step, cause: 'current' | 'power'): Comparison | undefined => {
  const charges = directionOf(step) > 0;
  switch (step.do) {
    case 'cv':
    case 'cccv':
    case 'cr':
      return 'atMost';
    case 'cp':
      return charges ? 'atMost' : 'atLeast';
    case 'cc':
      return cause === 'power' && !charges ? 'atMost' : 'atLeast';
    case 'rest':
    case 'drive':
      return undefined;
  }
};

/**
 * How a condition compares. Without its own word: a voltage is to rise to its value in a charge and to fall to it in a
 * discharge; current and power go as they do in such a step (they fall where a voltage is held); the others are reached
 * from below.
 */
export const comparisonOf = (step: Step, end: End): Comparison | undefined => {
  if (end.is) return end.is;
  const cause = causeOf(end);
  if (cause === 'current' || cause === 'power') return trendOf(step, cause);
  if (cause !== 'voltage') return 'atLeast';
  const direction = directionOf(step);
  if (direction === 0) return undefined;
  return direction > 0 ? 'atLeast' : 'atMost';
};

/** Conditions on what a step holds itself, or on what does not happen in it. */
const meaningless: Readonly<Record<Step['do'], readonly EndCause[]>> = {
  rest: ['current', 'power', 'capacity', 'energy', 'deltaVoltage'],
  cc: ['current'],
  cv: ['voltage', 'deltaVoltage'],
  cccv: ['deltaVoltage'],
  cp: ['power'],
  cr: ['deltaVoltage'],
  drive: ['deltaVoltage'],
};

const compares: readonly EndCause[] = ['voltage', 'current', 'power', 'temperature'];

/** Why a condition does not suit its step, whatever the values. */
export const unsuitable = (step: Step, end: End): string | undefined => {
  const cause = causeOf(end);
  if (end.is && !compares.includes(cause))
    return `the ${cause} of a step only grows: expected no "is"`;
  if (meaningless[step.do].includes(cause)) return `a ${step.do} step cannot end by its ${cause}`;
  if (cause === 'deltaVoltage' && directionOf(step) < 0) {
    return 'the voltage of every discharge falls: expected a charge to end by deltaVoltageV';
  }
  if (comparisonOf(step, end) === undefined) {
    return 'expected "is": "atLeast" or "atMost", since the step has no direction of its own';
  }
  return undefined;
};

const valueOf = (quantity: Compared, seen: Measurement): number | undefined => {
  switch (quantity) {
    case 'timeS':
      return seen.stepTimeS;
    case 'voltageV':
    case 'temperatureC':
    case 'deltaVoltageV':
      return seen[quantity];
    case 'cRate':
      return undefined;
    case 'currentA':
    case 'powerW':
    case 'capacityAh':
    case 'energyWh':
      return Math.abs(seen[quantity]);
  }
};

/** Whether a value that was measured meets the condition. What is not measured meets none. */
export const isMet = (end: End, comparison: Comparison, seen: Measurement): boolean => {
  const quantity = quantityOf(end);
  const value = valueOf(quantity, seen);
  const target = end[quantity];
  if (value === undefined || target === undefined) return false;
  return comparison === 'atLeast' ? value >= target : value <= target;
};

/**
 * Output and measurement take until then to reach the set point: a current of nothing at the begin of a step is no
 * sign of its end. Conditions on current and power wait for it.
 */
export const settlingS = 1;

export interface EndMet {
  readonly cause: EndCause;
  /** Which of the step's conditions; absent for the last point of a drive cycle. */
  readonly index?: number;
}

/**
 * The end condition of a step that is met; of several the first one in its list, and the last point of a drive
 * cycle after them. The step is one of `stepOf`: its currents are in amperes.
 */
export const endOf = (step: Step, seen: Measurement): EndMet | undefined => {
  for (const [index, end] of endsOf(step).entries()) {
    const cause = causeOf(end);
    const comparison = comparisonOf(step, end);
    const waits = (cause === 'current' || cause === 'power') && seen.stepTimeS < settlingS;
    if (comparison && !waits && isMet(end, comparison, seen)) return { cause, index };
  }
  return step.do === 'drive' && seen.stepTimeS >= lastTimeOf(step.points)
    ? { cause: 'time' }
    : undefined;
};

export const lastTimeOf = (points: readonly (readonly number[])[]): number =>
  points.at(-1)?.[0] ?? 0;
