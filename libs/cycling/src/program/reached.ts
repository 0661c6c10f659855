import type { LimitedQuantity, Limits } from './limits.js';
import type { Step } from './program.js';

/** What a step sets, or what follows from it over the voltages that the battery may have. */
export interface Reached {
  readonly pointer: string;
  readonly quantity: LimitedQuantity;
  readonly from: number;
  readonly to: number;
}

const driven = { current: 'currentA', power: 'powerW', voltage: 'voltageV' } as const;

/** Everything that a step comes to, whatever ends it. Its currents are in amperes; `written` is how it stands in the program. */
export const valuesOf = (
  written: Step,
  step: Step,
  pointer: string,
  { voltageV = {} }: Limits,
): readonly Reached[] => {
  const { min = 0, max = 0 } = voltageV;
  const rate = 'cRate' in written ? 'cRate' : 'currentA';
  const one = (quantity: LimitedQuantity, value: number, member: string): Reached => ({
    ...{ pointer: `${pointer}/${member}`, quantity, from: value, to: value },
  });
  const over = (quantity: LimitedQuantity, values: readonly number[], member: string): Reached => ({
    ...{ pointer: `${pointer}/${member}`, quantity },
    ...{ from: Math.min(...values), to: Math.max(...values) },
  });
  switch (step.do) {
    case 'rest':
      return [];
    case 'cv':
      return [one('voltageV', step.voltageV, 'voltageV')];
    case 'cc':
    case 'cccv': {
      const currentA = step.currentA ?? 0;
      return [
        one('currentA', currentA, rate),
        over('powerW', [currentA * min, currentA * max], rate),
        ...(step.do === 'cccv' ? [one('voltageV', step.voltageV, 'voltageV')] : []),
      ];
    }
    case 'cp': {
      const currents = min > 0 ? [step.powerW / min, step.powerW / max] : [step.powerW / max];
      return [one('powerW', step.powerW, 'powerW'), over('currentA', currents, 'powerW')];
    }
    case 'cr': {
      const volts = [min, max];
      const currents = volts.map((value) => -value / step.resistanceOhm);
      const powers = volts.map((value) => -(value ** 2) / step.resistanceOhm);
      return [over('currentA', currents, 'resistanceOhm'), over('powerW', powers, 'resistanceOhm')];
    }
    case 'drive': {
      const quantity = driven[step.quantity];
      const values = step.points.map(([, value]) => value);
      // Each of its values comes for certain.
      return [Math.min(...values), Math.max(...values)].map((value) =>
        one(quantity, value, 'points'),
      );
    }
  }
};
