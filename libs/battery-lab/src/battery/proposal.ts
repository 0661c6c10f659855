import type { Range } from '../ranges.js';
import { type Family, familyOf } from './chemistry-family.js';
import type { Battery } from './document.js';
import { amountOf, type Finding, rounded, type StatedElements, textOf } from './stated-elements.js';

/** What the registry says of a product, as the lab takes it. */
export interface RegisteredProduct {
  readonly id: string;
  readonly code: string | null;
  readonly manufacturer: string | null;
  readonly model: string;
  /** By their Orange Button names. */
  readonly elements: StatedElements;
}

type Facts = Pick<
  Battery,
  'manufacturer' | 'model' | 'technology' | 'chemistry' | 'nominalCapacityAh' | 'cellsInSeries'
>;

export interface BatteryProposal {
  readonly productId: string;
  readonly code: string | null;
  /** As the body of a registration has it. */
  readonly battery: Partial<Facts> & { readonly limits: Partial<Battery['limits']> };
  /** Where each proposed value comes from, by JSON pointer into the battery. */
  readonly sources: readonly {
    readonly pointer: string;
    readonly from: readonly string[];
    readonly how: string | null;
  }[];
  /** What an engineer has to say, and why. */
  readonly open: readonly { readonly pointer: string; readonly reason: string }[];
}

/**
 * Nominal data and safe ranges of a battery of this product, with where each comes from and what nobody states. An engineer
 * confirms them by registering the battery with them.
 */
export const proposalOf = (product: RegisteredProduct): BatteryProposal => {
  const { id: productId, code, elements } = product;
  const family = familyOf(textOf(elements, 'BatteryChemistryType'));
  const facts: { readonly [K in keyof Facts]: Finding<Facts[K]> } = {
    manufacturer:
      product.manufacturer === null
        ? { open: 'the registry has no name of its manufacturer' }
        : { value: product.manufacturer, from: ['manufacturer'] },
    model: { value: product.model, from: ['model'] },
    technology: family.technology,
    chemistry: family.chemistry,
    nominalCapacityAh: capacityOf(elements),
    cellsInSeries: cellsOf(elements, family),
  };
  const limits: { readonly [K in keyof Battery['limits']]: Finding<Range> } = {
    voltageV: rangeOf(elements, 'VoltageDCMin', 'VoltageDCMax'),
    currentA: currentOf(elements),
    temperatureC: rangeOf(elements, 'TemperatureMinimumOperating', 'TemperatureMaximumOperating'),
  };
  const all: readonly (readonly [pointer: string, Finding<unknown>])[] = [
    ...Object.entries(facts).map(([name, found]) => [`/${name}`, found] as const),
    ...Object.entries(limits).map(([name, found]) => [`/limits/${name}`, found] as const),
  ];
  return {
    ...{ productId, code },
    battery: { ...(valuesOf(facts) as Partial<Facts>), limits: valuesOf(limits) },
    sources: all.flatMap(([pointer, found]) =>
      'open' in found ? [] : [{ pointer, from: found.from, how: found.how ?? null }],
    ),
    open: all.flatMap(([pointer, found]) =>
      'open' in found ? [{ pointer, reason: found.open }] : [],
    ),
  };
};

const valuesOf = (findings: Readonly<Record<string, Finding<unknown>>>): object =>
  Object.fromEntries(
    Object.entries(findings).flatMap(([name, found]) =>
      'open' in found ? [] : [[name, found.value]],
    ),
  );

const notStated = (...names: readonly string[]) => ({
  open: `the registry does not state ${names.join(' and ')}`,
});

/** Ah of a battery that has so much energy at its nominal voltage. */
const capacityOf = (elements: StatedElements): Finding<number> => {
  const energy = amountOf(elements, 'EnergyCapacityNominal');
  const voltage = amountOf(elements, 'VoltageDCNom');
  if (!energy || !voltage) {
    return notStated(
      ...(energy ? [] : ['EnergyCapacityNominal']),
      ...(voltage ? [] : ['VoltageDCNom']),
    );
  }
  if (energy.value <= 0 || voltage.value <= 0) return { open: 'the registry states 0' };
  const value = rounded(energy.value / voltage.value);
  return { value, from: [energy.written, voltage.written], how: 'energy divided by voltage' };
};

/** By which the voltage of a cell may differ from that of its chemistry: nominal voltages are rounded. */
const cellTolerance = 0.01;

const cellsOf = (elements: StatedElements, { cellV }: Family): Finding<number> => {
  const voltage = amountOf(elements, 'VoltageDCNom');
  if (!voltage) return notStated('VoltageDCNom');
  if (!cellV) return { open: 'the nominal voltage of its cells is not known' };
  const [lowest, highest] = cellV;
  const fewest = Math.ceil(voltage.value / (highest * (1 + cellTolerance)));
  const most = Math.floor(voltage.value / (lowest * (1 - cellTolerance)));
  if (fewest < 1 || fewest !== most) {
    return { open: `${voltage.written} is no clear number of cells of this chemistry` };
  }
  const each = lowest === highest ? String(lowest) : `${String(lowest)} to ${String(highest)}`;
  return { value: fewest, from: [voltage.written], how: `cells of ${each} V nominal` };
};

const rangeOf = (elements: StatedElements, least: string, greatest: string): Finding<Range> => {
  const [min, max] = [amountOf(elements, least), amountOf(elements, greatest)];
  if (!min || !max) return notStated(...(min ? [] : [least]), ...(max ? [] : [greatest]));
  if (min.value >= max.value) {
    return { open: `the registry states ${min.written} and ${max.written}` };
  }
  return { value: { min: min.value, max: max.value }, from: [min.written, max.written] };
};

/** One current or power is stated for both directions, of which the one of charge is often less. */
const bothWays = 'both directions alike: check that it may be charged with as much';

const currentOf = (elements: StatedElements): Finding<Range> => {
  const current = amountOf(elements, 'CurrentDCMax');
  if (current && current.value > 0) {
    const { value, written } = current;
    return { value: { min: -value, max: value }, from: [written], how: bothWays };
  }
  const power = amountOf(elements, 'PowerDCContinuousMax');
  const voltage = amountOf(elements, 'VoltageDCNom');
  if (!power || !voltage || power.value <= 0 || voltage.value <= 0)
    return notStated('CurrentDCMax');
  const value = rounded(power.value / voltage.value);
  return {
    value: { min: -value, max: value },
    from: [power.written, voltage.written],
    how: `power divided by voltage; ${bothWays}`,
  };
};
