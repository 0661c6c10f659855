/** Where a cell stands, as far as its resistances depend on it. Positive current charges. */
export interface CellPoint {
  /** State of charge, 0 to 1; a little beyond where a cell is overcharged or drained. */
  readonly soc: number;
  readonly temperatureC: number;
  readonly currentA: number;
}

/**
 * An equivalent circuit of a cell: an open-circuit voltage behind a resistance and one pair of resistance and
 * capacitor, and a thermal mass that cools to what is around it.
 */
export interface CellModel {
  readonly capacityAh: number;
  /** Open-circuit voltage in V. It rises with the state of charge, beyond 0 and 1 too. */
  ocvV(soc: number): number;
  r0Ohm(point: CellPoint): number;
  r1Ohm(point: CellPoint): number;
  c1F(point: CellPoint): number;
  readonly heatCapacityJPerK: number;
  readonly coolingWPerK: number;
}

/** Values of a cell of 1 Ah at 25 °C, half full; the resistances of a larger one are smaller by its capacity. */
const unitCell = { r0Ohm: 0.065, r1Ohm: 0.04, c1F: 770, heatJPerK: 17, coolingWPerK: 0.04 };
/** Where the curve of the open-circuit voltage goes on as a straight line. */
const [lowest, highest] = [-0.08, 1.12];
const steepVPerSoc = 20;

const withinOcv = (soc: number): number =>
  3.35 + 0.75 * soc - 0.55 * Math.exp(-22 * soc) + 0.1 * Math.exp(20 * (soc - 1));

const ocvV = (soc: number): number => {
  const inside = Math.min(highest, Math.max(lowest, soc));
  return withinOcv(inside) + steepVPerSoc * (soc - inside);
};

/** Resistances rise in the cold and towards the empty cell; no table reaches beyond these temperatures. */
const factorOf = ({ soc, temperatureC }: CellPoint): number => {
  const inside = Math.min(80, Math.max(-30, temperatureC));
  return (1 + 0.7 * Math.exp(-12 * Math.max(0, soc))) * Math.exp(0.02 * (25 - inside));
};

/** A lithium cell of 2.8 V empty to 4.2 V full, where no tables of a measured one are at hand. */
export const analyticCell = (capacityAh = 2.6): CellModel => ({
  capacityAh,
  ocvV,
  r0Ohm: (point) => (unitCell.r0Ohm / capacityAh) * factorOf(point),
  // The transfer of charge goes easier the more current flows; the voltage over it still rises with the current.
  r1Ohm: (point) =>
    ((unitCell.r1Ohm / capacityAh) * factorOf(point)) /
    Math.sqrt(1 + (point.currentA / (4 * capacityAh)) ** 2),
  c1F: () => unitCell.c1F * capacityAh,
  heatCapacityJPerK: unitCell.heatJPerK * capacityAh,
  coolingWPerK: unitCell.coolingWPerK * Math.sqrt(capacityAh),
});
