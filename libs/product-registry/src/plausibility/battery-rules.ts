import type { Judged, Rule } from './rule.js';

const factors: Readonly<Record<string, number>> = {
  ...{ Wh: 1e-3, kWh: 1, MWh: 1e3, W: 1e-3, kW: 1, MW: 1e3, GW: 1e6 },
};

/** In kWh, kW, or the unit that it has. */
const amountOf = (elements: Judged, name: string): number | undefined => {
  const { value, unit } = elements[name] ?? {};
  if (typeof value !== 'string') return undefined;
  const amount = Number(value) * (factors[String(unit)] ?? 1);
  return Number.isFinite(amount) ? amount : undefined;
};

const textOf = (elements: Judged, name: string): string => {
  const value = elements[name]?.value;
  return typeof value === 'string' ? value : '';
};

const found = (message: string, ...elements: string[]) => [{ elements, message }];

const within = (name: string, unit: string, least: number, most: number): Rule['finds'] =>
  function finds(elements) {
    const amount = amountOf(elements, name);
    if (amount === undefined || (amount >= least && amount <= most)) return [];
    const range = `${String(least)} to ${String(most)} ${unit}`;
    return found(`${String(amount)} ${unit} is outside ${range}`, name);
  };

const energy = 'EnergyCapacityNominal';
const power = 'PowerDCContinuousMax';

/** Numbers before a unit in a text, such as 5.4 of `5 kW, 5.4 kWh battery`; `1,200` is both that it may be. */
const amountsIn = (text: string, amounts: RegExp): readonly number[] =>
  [...text.matchAll(amounts)].flatMap(([, amount = '']) => [
    Number(amount.replace(',', '.')),
    ...(/,\d{3}$/.test(amount) ? [Number(amount.replace(',', ''))] : []),
  ]);
const kilowattHours = /(\d{1,9}(?:[.,]\d{1,6})?)\s?kwh\b/giu;
const kilowatts = /(\d{1,9}(?:[.,]\d{1,6})?)\s?kw\b/giu;

/** Descriptions round: 5.12 kWh is called 5.1 and 5. */
const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= 0.05 + 0.03 * Math.max(a, b);

const namesOther = (amount: number | undefined, described: readonly number[]): boolean =>
  amount !== undefined && described.length > 0 && !described.some((one) => isNear(one, amount));

/** The description of one, and the amount of the other. */
const areSwapped = (elements: Judged): boolean => {
  const text = textOf(elements, 'Description');
  const [e, p] = [amountOf(elements, energy), amountOf(elements, power)];
  if (e === undefined || p === undefined || isNear(e, p)) return false;
  return (
    amountsIn(text, kilowattHours).some((one) => isNear(one, p)) &&
    amountsIn(text, kilowatts).some((one) => isNear(one, e)) &&
    namesOther(e, amountsIn(text, kilowattHours)) &&
    namesOther(p, amountsIn(text, kilowatts))
  );
};

const againstDescription = (name: string, unit: string, pattern: RegExp): Rule['finds'] =>
  function finds(elements) {
    const amount = amountOf(elements, name);
    const described = amountsIn(textOf(elements, 'Description'), pattern);
    if (areSwapped(elements) || !namesOther(amount, described)) return [];
    const said = described.slice(0, 3).map((one) => `${String(one)} ${unit}`);
    const message = `the description says ${said.join(', ')}, the value is ${String(amount)} ${unit}`;
    return found(message, name, 'Description');
  };

/** Chemistries that a description names beyond doubt, and the values that agree with it. */
const vocabulary: readonly (readonly [words: RegExp, agreeing: readonly string[]])[] = [
  [
    /\blead[- ]acid\b/iu,
    [
      'LeadAcid',
      'LeadAcidGel',
      'LeadAcidAGM',
      'LeadAcidFlooded',
      'LeadAcidSealed',
      'PbC',
      'Hybrid',
    ],
  ],
  [/\b(?:iron[- ]phosphate|lifepo4|lfp)\b/iu, ['LiFePO4', 'Hybrid']],
  [/\b(?:nmc|lithium[- ]nickel|nca)\b/iu, ['LiIon', 'Hybrid']],
  [/\b(?:nimh|nickel[- ]metal[- ]hydride)\b/iu, ['NiMH', 'Hybrid']],
  [/\b(?:nicd|nickel[- ]cadmium)\b/iu, ['NiCd', 'Hybrid']],
  [/\b(?:sodium[- ]sul(?:f|ph)ur)\b/iu, ['NaS', 'Hybrid']],
];

const chemistryAgainstDescription: Rule['finds'] = (elements) => {
  const chemistry = textOf(elements, 'BatteryChemistryType');
  const description = textOf(elements, 'Description');
  if (chemistry === '') return [];
  const named = vocabulary.flatMap(([words, agreeing]) => {
    const word = words.exec(description)?.[0];
    return word === undefined ? [] : [{ word, agreeing }];
  });
  const [first] = named;
  if (!first || named.some(({ agreeing }) => agreeing.includes(chemistry))) return [];
  const message = `the description says "${first.word}", the value is ${chemistry}`;
  return found(message, 'BatteryChemistryType', 'Description');
};

const powerAgainstEnergy: Rule['finds'] = (elements) => {
  const [e, p] = [amountOf(elements, energy), amountOf(elements, power)];
  // Nothing at all is outside its range already.
  if (!e || !p || areSwapped(elements)) return [];
  const rate = p / e;
  if (rate >= 0.05 && rate <= 6) return [];
  const message = `${String(p)} kW of ${String(e)} kWh is ${rate.toPrecision(2)} times its energy in an hour; 0.05 to 6 is usual`;
  return found(message, power, energy);
};

const swapped: Rule['finds'] = (elements) => {
  if (!areSwapped(elements)) return [];
  const [e, p] = [amountOf(elements, energy), amountOf(elements, power)];
  const message = `the description says ${String(p)} kWh and ${String(e)} kW, the values are ${String(e)} kWh and ${String(p)} kW`;
  return found(message, energy, power, 'Description');
};

const usableAboveNominal: Rule['finds'] = (elements) => {
  const [usable, nominal] = [
    amountOf(elements, 'EnergyCapacityUsable'),
    amountOf(elements, energy),
  ];
  if (usable === undefined || nominal === undefined || usable <= nominal) return [];
  const message = `${String(usable)} kWh can be used of ${String(nominal)} kWh`;
  return found(message, 'EnergyCapacityUsable', energy);
};

const efficiencies: Rule['finds'] = (elements) => {
  const ratings = elements['EfficiencyBatteryRoundTrip']?.value;
  if (!Array.isArray(ratings)) return [];
  const odd = (ratings as readonly { readonly percent?: unknown }[])
    .map(({ percent }) => Number(percent))
    .filter((percent) => percent < 50);
  const message = `${odd.map(String).join(', ')} percent is below 50`;
  return odd.length === 0 ? [] : found(message, 'EfficiencyBatteryRoundTrip');
};

export const batteryRules: readonly Rule[] = [
  {
    rule: 'energy-range',
    version: 1,
    about: 'A battery holds 0.01 kWh to 20,000 kWh.',
    finds: within(energy, 'kWh', 0.01, 20_000),
  },
  {
    rule: 'power-range',
    version: 1,
    about: 'A battery gives 0.001 kW to 20,000 kW.',
    finds: within(power, 'kW', 0.001, 20_000),
  },
  {
    rule: 'power-against-energy',
    version: 1,
    about: 'A battery is emptied in ten minutes to twenty hours.',
    finds: powerAgainstEnergy,
  },
  {
    rule: 'energy-and-power-swapped',
    version: 1,
    about: 'The description says of each what the value of the other is.',
    finds: swapped,
  },
  {
    rule: 'energy-against-description',
    version: 1,
    about:
      'Of the energies that the description names, one is the value, give or take some percent.',
    finds: againstDescription(energy, 'kWh', kilowattHours),
  },
  {
    rule: 'power-against-description',
    version: 1,
    about: 'Of the powers that the description names, one is the value, give or take some percent.',
    finds: againstDescription(power, 'kW', kilowatts),
  },
  {
    rule: 'chemistry-against-description',
    version: 1,
    about: 'A chemistry that the description names beyond doubt is the value.',
    finds: chemistryAgainstDescription,
  },
  {
    rule: 'usable-above-nominal',
    version: 1,
    about: 'No more energy can be used than there is.',
    finds: usableAboveNominal,
  },
  {
    rule: 'efficiency-range',
    version: 1,
    about: 'A round trip keeps half of the energy at least.',
    finds: efficiencies,
  },
];
