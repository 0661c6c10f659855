import type { SeededRandom } from '../cell/random.js';

export const quantities = ['voltageV', 'currentA', 'temperatureC'] as const;
export type Quantity = (typeof quantities)[number];
/** What is at the poles of a cell: in truth, or as it is measured. */
export type Reading = Readonly<Record<Quantity, number>>;

/** What is wrong with one sensor: it always says the same, or says more and more too much. */
export interface SensorFault {
  readonly sensor: Quantity;
  readonly kind: 'stuck' | 'drift';
  readonly sinceS: number;
  readonly untilS: number;
  /** What a stuck one says; by how much a drifting one errs after an hour. In the unit of the quantity. */
  readonly value: number;
}

/** Standard deviation of each sensor, in the unit of its quantity. */
export type Noise = Readonly<Record<Quantity, number>>;
/** Finer than the noise, so that no reading of a sensor that works is twice the same for long. */
const decimals = 1e6;

/** What the sensors say of the truth at `nowS`. */
export const measured = (
  truth: Reading,
  noise: Noise,
  random: SeededRandom,
  { faults, nowS }: { readonly faults: readonly SensorFault[]; readonly nowS: number },
): Reading => {
  const read = { ...truth };
  for (const quantity of quantities) {
    let value = truth[quantity];
    if (noise[quantity] > 0) value += noise[quantity] * random.normal();
    for (const { sensor, kind, sinceS, untilS, value: by } of faults) {
      if (sensor !== quantity || nowS < sinceS || nowS >= untilS) continue;
      value = kind === 'stuck' ? by : value + (by * (nowS - sinceS)) / 3_600;
    }
    read[quantity] = Math.round(value * decimals) / decimals;
  }
  return read;
};
