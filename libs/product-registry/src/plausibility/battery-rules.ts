import { type BatteryFacts, namesOther } from './battery-facts.js';
import type { Found, Rule } from './rule.js';

type BatteryRule = Rule<BatteryFacts>;
type Finds = BatteryRule['finds'];

const none: readonly Found[] = [];
const found = (message: string, ...elements: string[]): readonly Found[] => [{ elements, message }];

const names = { energy: 'EnergyCapacityNominal', power: 'PowerDCContinuousMax' } as const;
const units = { energy: 'kWh', power: 'kW' } as const;
type Amount = keyof typeof names;

const within = (amount: Amount, least: number, most: number): Finds =>
  function finds({ [amount]: value }) {
    if (value === undefined || (value >= least && value <= most)) return none;
    const unit = units[amount];
    const range = `${String(least)} to ${String(most)} ${unit}`;
    return found(`${String(value)} ${unit} is outside ${range}`, names[amount]);
  };

const againstDescription = (amount: Amount): Finds =>
  function finds({ [amount]: value, described: { [amount]: described }, isSwapped }) {
    if (isSwapped || !namesOther(value, described)) return none;
    const unit = units[amount];
    const said = described.slice(0, 3).map((one) => `${String(one)} ${unit}`);
    const message = `the description says ${said.join(', ')}, the value is ${String(value)} ${unit}`;
    return found(message, names[amount], 'Description');
  };

const powerAgainstEnergy: Finds = ({ energy, power, isSwapped }) => {
  // Nothing at all is outside its range already.
  if (!energy || !power || isSwapped) return none;
  const rate = power / energy;
  if (rate >= 0.05 && rate <= 6) return none;
  const message = `${String(power)} kW of ${String(energy)} kWh is ${rate.toPrecision(2)} times its energy in an hour; 0.05 to 6 is usual`;
  return found(message, names.power, names.energy);
};

const swapped: Finds = ({ energy, power, isSwapped }) => {
  if (!isSwapped) return none;
  const [e, p] = [String(energy), String(power)];
  const message = `the description says ${p} kWh and ${e} kW, the values are ${e} kWh and ${p} kW`;
  return found(message, names.energy, names.power, 'Description');
};

const usableAboveNominal: Finds = ({ usable, energy }) => {
  if (usable === undefined || energy === undefined || usable <= energy) return none;
  const message = `${String(usable)} kWh can be used of ${String(energy)} kWh`;
  return found(message, 'EnergyCapacityUsable', names.energy);
};

const efficiencies: Finds = ({ percents }) => {
  const odd = percents.filter((percent) => percent < 50);
  if (odd.length === 0) return none;
  return found(`${odd.map(String).join(', ')} percent is below 50`, 'EfficiencyBatteryRoundTrip');
};

/** Chemistries that a description names beyond doubt, and the values that agree with it. */
const vocabulary: readonly (readonly [words: RegExp, agreeing: readonly string[]])[] = [
  [
    /\blead[- ]acid\b/i,
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
  [/\b(?:iron[- ]phosphate|lifepo4|lfp)\b/i, ['LiFePO4', 'Hybrid']],
  [/\b(?:nmc|lithium[- ]nickel|nca)\b/i, ['LiIon', 'Hybrid']],
  [/\b(?:nimh|nickel[- ]metal[- ]hydride)\b/i, ['NiMH', 'Hybrid']],
  [/\b(?:nicd|nickel[- ]cadmium)\b/i, ['NiCd', 'Hybrid']],
  [/\b(?:sodium[- ]sul(?:f|ph)ur)\b/i, ['NaS', 'Hybrid']],
];

const chemistryAgainstDescription: Finds = ({ chemistry, description }) => {
  if (chemistry === '') return none;
  const named = vocabulary.flatMap(([words, agreeing]) => {
    const word = words.exec(description)?.[0];
    return word === undefined ? [] : [{ word, agreeing }];
  });
  const [first] = named;
  if (!first || named.some(({ agreeing }) => agreeing.includes(chemistry))) return none;
  const message = `the description says "${first.word}", the value is ${chemistry}`;
  return found(message, 'BatteryChemistryType', 'Description');
};

export const batteryRules: readonly BatteryRule[] = [
  {
    rule: 'energy-range',
    version: 1,
    about: 'A battery holds 0.01 kWh to 20,000 kWh.',
    finds: within('energy', 0.01, 20_000),
  },
  {
    rule: 'power-range',
    version: 1,
    about: 'A battery gives 0.001 kW to 20,000 kW.',
    finds: within('power', 0.001, 20_000),
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
    finds: againstDescription('energy'),
  },
  {
    rule: 'power-against-description',
    version: 1,
    about: 'Of the powers that the description names, one is the value, give or take some percent.',
    finds: againstDescription('power'),
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
