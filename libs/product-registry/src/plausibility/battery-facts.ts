import { inMainUnit } from '../amounts.js';
import type { Judged } from './rule.js';

/** What the rules for batteries read of a product's elements, read once. Amounts are in kWh and kW. */
export interface BatteryFacts {
  readonly energy: number | undefined;
  readonly power: number | undefined;
  readonly usable: number | undefined;
  readonly chemistry: string;
  readonly description: string;
  /** Amounts that the description names. */
  readonly described: { readonly energy: readonly number[]; readonly power: readonly number[] };
  /** The description says of energy and power each what the value of the other is. */
  readonly isSwapped: boolean;
  readonly percents: readonly number[];
}

export const batteryFacts = (elements: Judged): BatteryFacts => {
  const energy = amountOf(elements, 'EnergyCapacityNominal', 'kWh');
  const power = amountOf(elements, 'PowerDCContinuousMax', 'kW');
  const description = textOf(elements, 'Description');
  const described = {
    energy: amountsIn(description, kilowattHours),
    power: amountsIn(description, kilowatts),
  };
  return {
    ...{ energy, power, description, described },
    usable: amountOf(elements, 'EnergyCapacityUsable', 'kWh'),
    chemistry: textOf(elements, 'BatteryChemistryType'),
    isSwapped: areSwapped(energy, power, described),
    percents: percentsOf(elements['EfficiencyBatteryRoundTrip']?.value),
  };
};

const amountOf = (elements: Judged, name: string, unit: string): number | undefined => {
  const amount = inMainUnit(elements[name], unit);
  return amount === null ? undefined : Number(amount);
};

const textOf = (elements: Judged, name: string): string => {
  const value = elements[name]?.value;
  return typeof value === 'string' ? value : '';
};

const percentsOf = (ratings: unknown): readonly number[] =>
  Array.isArray(ratings)
    ? (ratings as readonly { readonly percent?: unknown }[]).map(({ percent }) => Number(percent))
    : [];

const kilowattHours = /(\d{1,9}(?:[.,]\d{1,6})?) ?kwh\b/gi;
const kilowatts = /(\d{1,9}(?:[.,]\d{1,6})?) ?kw\b/gi;

/** Numbers before a unit in a text, such as 5.4 of `5 kW, 5.4 kWh battery`; `1,200` is both that it may be. */
const amountsIn = (text: string, pattern: RegExp): readonly number[] => {
  const amounts: number[] = [];
  for (const [, amount = ''] of text.matchAll(pattern)) {
    amounts.push(Number(amount.replace(',', '.')));
    if (/,\d{3}$/.test(amount)) amounts.push(Number(amount.replace(',', '')));
  }
  return amounts;
};

/** Descriptions round: 5.12 kWh is called 5.1 and 5. */
const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= 0.05 + 0.03 * Math.max(a, b);

/** Whether amounts are named, and this one is not among them. */
export const namesOther = (amount: number | undefined, described: readonly number[]): boolean =>
  amount !== undefined && described.length > 0 && !described.some((one) => isNear(one, amount));

const areSwapped = (
  energy: number | undefined,
  power: number | undefined,
  described: BatteryFacts['described'],
): boolean =>
  energy !== undefined &&
  power !== undefined &&
  namesOther(energy, described.energy) &&
  namesOther(power, described.power) &&
  described.energy.some((one) => isNear(one, power)) &&
  described.power.some((one) => isNear(one, energy));
