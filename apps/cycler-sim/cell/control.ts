import type { SetPoint } from '#cycling/program/set-point.js';

import { type CellState, passed, type Passing, terminalV } from './cell.js';
import type { CellModel } from './model.js';

export interface Conditions extends Passing {
  /** What the converter gives at most; `minA` is negative where it discharges. */
  readonly minA: number;
  readonly maxA: number;
}

/**
 * The current in A with which the set point holds at the end of a step. Where the converter cannot give it, the
 * nearest that it can.
 */
export const currentFor = (
  model: CellModel,
  state: CellState,
  setPoint: SetPoint,
  conditions: Conditions,
): number => {
  const { minA, maxA, dtS } = conditions;
  const voltageAt = (currentA: number): number =>
    terminalV(model, dtS > 0 ? passed(model, state, currentA, conditions) : state, currentA);
  switch (setPoint.mode) {
    case 'off':
      return 0;
    case 'current':
      return Math.min(maxA, Math.max(minA, setPoint.currentA));
    case 'voltage': {
      const { voltageV, currentA: most = Infinity } = setPoint;
      return rootOf(
        (currentA) => voltageAt(currentA) - voltageV,
        Math.max(minA, -most),
        Math.min(maxA, most),
      );
    }
    case 'resistance':
      return rootOf(
        (currentA) => voltageAt(currentA) + currentA * setPoint.resistanceOhm,
        Math.min(0, minA),
        Math.min(0, maxA),
      );
    case 'power': {
      const { powerW } = setPoint;
      const missing = (currentA: number): number => currentA * voltageAt(currentA) - powerW;
      if (powerW >= 0) return rootOf(missing, Math.max(0, minA), maxA);
      // With more current than this a cell gives less power again.
      const inner = voltageAt(0) - voltageAt(-model.capacityAh / 100);
      const most = (-voltageAt(0) * model.capacityAh) / (200 * Math.max(inner, 1e-12));
      return rootOf(missing, Math.min(0, Math.max(minA, most)), 0);
    }
  }
};

/** Where a rising function is zero between two ends, or the end that is nearest to it. */
const rootOf = (f: (x: number) => number, from: number, to: number): number => {
  let [low, high, below, above] = [from, to, f(from), f(to)];
  if (below >= 0 || low >= high) return from;
  if (above <= 0) return to;
  // False position; an end that stays is given less weight (Illinois).
  for (let round = 0, side = 0; round < 60 && high - low > 1e-9; round += 1) {
    const x = (low * above - high * below) / (above - below);
    const value = f(x);
    if (Math.abs(value) < 1e-7) return x;
    if (value < 0) {
      [low, below] = [x, value];
      if (side === -1) above /= 2;
      side = -1;
    } else {
      [high, above] = [x, value];
      if (side === 1) below /= 2;
      side = 1;
    }
  }
  return (low + high) / 2;
};
