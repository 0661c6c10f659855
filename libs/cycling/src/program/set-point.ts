import { lastTimeOf } from './ends.js';
import type { Program, RecordRule, Step, StepOf } from './program.js';

/** What the output is to hold. Positive currents and powers charge; a resistance discharges. */
export type SetPoint =
  | { readonly mode: 'off' }
  | { readonly mode: 'current'; readonly currentA: number }
  /** No more than `currentA` of either sign flows, where it is given. */
  | { readonly mode: 'voltage'; readonly voltageV: number; readonly currentA?: number }
  | { readonly mode: 'power'; readonly powerW: number }
  | { readonly mode: 'resistance'; readonly resistanceOhm: number };

/**
 * What the output is to hold now. A CC-CV step holds its current until the voltage has come to that of the step
 * (from below in a charge, from above in a discharge) and the voltage from then on: `before` is what the step held so
 * far. The step is one of `stepOf`: its currents are in amperes.
 */
export const setPoint = (
  step: Step,
  now: { readonly stepTimeS: number; readonly voltageV: number },
  before?: SetPoint,
): SetPoint => {
  switch (step.do) {
    case 'rest':
      return { mode: 'off' };
    case 'cc':
      return { mode: 'current', currentA: amperesOf(step) };
    case 'cv':
      return { mode: 'voltage', voltageV: step.voltageV };
    case 'cccv': {
      const currentA = amperesOf(step);
      const isThere = currentA > 0 ? now.voltageV >= step.voltageV : now.voltageV <= step.voltageV;
      return isThere || before?.mode === 'voltage'
        ? { mode: 'voltage', voltageV: step.voltageV, currentA: Math.abs(currentA) }
        : { mode: 'current', currentA };
    }
    case 'cp':
      return { mode: 'power', powerW: step.powerW };
    case 'cr':
      return { mode: 'resistance', resistanceOhm: step.resistanceOhm };
    case 'drive': {
      const value = driveValue(step, now.stepTimeS);
      if (step.quantity === 'voltage') return { mode: 'voltage', voltageV: value };
      return step.quantity === 'current'
        ? { mode: 'current', currentA: value }
        : { mode: 'power', powerW: value };
    }
  }
};

const amperesOf = (step: StepOf<'cc' | 'cccv'>): number => {
  if (step.currentA === undefined) throw new Error('the C-rate of the step is not resolved');
  return step.currentA;
};

/** The value of a drive cycle at a time of its step: the one of the point before, or on the line to the next one. */
export const driveValue = (step: StepOf<'drive'>, timeS: number): number => {
  const { points, interpolation = 'hold' } = step;
  let low = 0;
  let high = points.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((points[middle]?.[0] ?? 0) <= timeS) low = middle;
    else high = middle - 1;
  }
  const [fromS, from] = points[low] ?? [0, 0];
  const [toS, to] = points[low + 1] ?? [lastTimeOf(points), from];
  if (interpolation === 'hold' || toS <= fromS || timeS <= fromS) return from;
  return from + ((to - from) * (timeS - fromS)) / (toS - fromS);
};

const everyTenSeconds: RecordRule = { everyS: 10 };

/** When records of a step are taken: by its own rule, else the program's, else every 10 s. */
export const recordRuleOf = (program: Program, step: Step): RecordRule =>
  step.record ?? program.record ?? everyTenSeconds;

interface Recorded {
  readonly testTimeS: number;
  readonly voltageV: number;
  readonly currentA: number;
}

/** Times are sums of fractions: what misses the period by less than this has reached it. */
const toleranceS = 1e-6;

/** Whether a record is due. The first and the last values of a step are recorded in any case. */
export const mustRecord = (rule: RecordRule, last: Recorded | undefined, now: Recorded): boolean =>
  !last ||
  now.testTimeS - last.testTimeS >= rule.everyS - toleranceS ||
  Math.abs(now.voltageV - last.voltageV) >= (rule.dV ?? Infinity) ||
  Math.abs(now.currentA - last.currentA) >= (rule.dA ?? Infinity);
