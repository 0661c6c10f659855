import type { CellModel } from './model.js';

/** What a cell is at one moment, with what went through it: the truth that a test compares a cycler with. */
export interface CellState {
  readonly soc: number;
  /** Voltage over the pair of resistance and capacitor, in V. */
  readonly rcV: number;
  readonly temperatureC: number;
  /** Through the cell since it was made. */
  readonly chargeAh: number;
  readonly dischargeAh: number;
  readonly chargeWh: number;
  readonly dischargeWh: number;
}

/** A cell that has rested for long. */
export const restedCell = (soc: number, temperatureC: number): CellState => ({
  ...{ soc, rcV: 0, temperatureC },
  ...{ chargeAh: 0, dischargeAh: 0, chargeWh: 0, dischargeWh: 0 },
});

/** Voltage in V between the poles while `currentA` flows. */
export const terminalV = (model: CellModel, state: CellState, currentA: number): number =>
  model.ocvV(state.soc) + state.rcV + currentA * model.r0Ohm(pointOf(state, currentA));

const pointOf = ({ soc, temperatureC }: CellState, currentA: number) => ({
  ...{ soc, temperatureC, currentA },
});

export interface Passing {
  readonly dtS: number;
  readonly ambientC: number;
}

/**
 * The cell after `dtS` seconds with one current. The differential equations are solved exactly for constant
 * resistances, so that no length of a step makes it unstable.
 */
export const passed = (
  model: CellModel,
  state: CellState,
  currentA: number,
  { dtS, ambientC }: Passing,
): CellState => {
  const point = pointOf(state, currentA);
  const [r0, r1] = [model.r0Ohm(point), model.r1Ohm(point)];
  const kept = Math.exp(-dtS / (r1 * model.c1F(point)));
  const rcV = state.rcV * kept + currentA * r1 * (1 - kept);
  const ah = (currentA * dtS) / 3_600;
  const heatW = currentA ** 2 * r0 + rcV ** 2 / r1;
  const finalC = ambientC + heatW / model.coolingWPerK;
  const warm = Math.exp((-dtS * model.coolingWPerK) / model.heatCapacityJPerK);
  const after = {
    soc: state.soc + ah / model.capacityAh,
    rcV,
    temperatureC: finalC + (state.temperatureC - finalC) * warm,
  };
  const { chargeAh, dischargeAh, chargeWh, dischargeWh } = state;
  const counted = { ...after, chargeAh, dischargeAh, chargeWh, dischargeWh };
  if (ah === 0) return counted;
  const wh = (ah * (terminalV(model, state, currentA) + terminalV(model, counted, currentA))) / 2;
  return ah > 0
    ? { ...counted, chargeAh: chargeAh + ah, chargeWh: chargeWh + wh }
    : { ...counted, dischargeAh: dischargeAh - ah, dischargeWh: dischargeWh - wh };
};
