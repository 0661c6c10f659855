import { withoutZeros } from '../../amounts.js';
import type { ListedFacts } from '../../product/commands.js';
import type { ElementInput } from '../../read-elements.js';
import { collapse } from '../normalise/cell.js';

/** One product as a list names it. */
export interface ListedRow {
  /** Data row of the file, from 1. */
  readonly row: number;
  readonly manufacturer: string;
  readonly model: string;
  /** In the order of `factPaths`; undefined where the list says nothing of it. */
  readonly facts: readonly (ListedFact | undefined)[];
}

export interface ListedFact {
  /** What it comes to, in one form for all lists; null where the cell is blank. */
  readonly value: string | null;
  /** How the list writes it, where that is a word of its own choice. */
  readonly label: string | null;
}

const certification = '/certifications/UL1973';
const listing = '/qualifications/CEC';

/** Where each fact stands in a product, as a JSON pointer. */
export const factPaths = [
  '/elements/BatteryChemistryType',
  '/elements/EnergyCapacityNominal',
  '/elements/PowerDCContinuousMax',
  '/elements/EfficiencyBatteryRoundTrip',
  '/elements/Description',
  `${certification}/agency`,
  `${certification}/edition`,
  `${certification}/certificateDate`,
  `${listing}/listingDate`,
  `${listing}/lastUpdate`,
  `${listing}/notes`,
  `${listing}/remarks/Brand`,
  `${listing}/remarks/CertifiedJA12ControlStrategies`,
  `${listing}/remarks/DeclarationForJA12Submitted`,
] as const;

export type FactPath = (typeof factPaths)[number];

/** Equal ones show that two rows may be about one product: chemistry, energy and power. */
export const valuesOfProduct = placesOf(
  '/elements/BatteryChemistryType',
  '/elements/EnergyCapacityNominal',
  '/elements/PowerDCContinuousMax',
);
export const [capacityOfProduct = 0] = placesOf('/elements/EnergyCapacityNominal');
export const certificateOfProduct = placesOf(
  `${certification}/agency`,
  `${certification}/certificateDate`,
);

function placesOf(...paths: readonly FactPath[]): readonly number[] {
  return paths.map((path) => factPaths.indexOf(path));
}

/** What a normalised row says, with long texts kept short: `keep` may share equal facts. */
export const listedRowOf = (
  row: number,
  { manufacturer, model, elements, certification: certified, listing: listed }: ListedFacts,
  keep: (fact: ListedFact) => ListedFact = (fact) => fact,
): ListedRow => {
  const texts: Readonly<Record<FactPath, ListedFact | undefined>> = {
    '/elements/BatteryChemistryType': elementOf(elements['BatteryChemistryType']),
    '/elements/EnergyCapacityNominal': elementOf(elements['EnergyCapacityNominal']),
    '/elements/PowerDCContinuousMax': elementOf(elements['PowerDCContinuousMax']),
    '/elements/EfficiencyBatteryRoundTrip': elementOf(elements['EfficiencyBatteryRoundTrip']),
    '/elements/Description': elementOf(elements['Description']),
    '/certifications/UL1973/agency': certifiedText(certified, 'agency'),
    '/certifications/UL1973/edition': certifiedText(certified, 'edition'),
    '/certifications/UL1973/certificateDate': certifiedText(certified, 'certificateDate'),
    '/qualifications/CEC/listingDate': plain(listed?.listingDate),
    '/qualifications/CEC/lastUpdate': plain(listed?.lastUpdate),
    '/qualifications/CEC/notes': plain(listed?.notes),
    '/qualifications/CEC/remarks/Brand': plain(listed?.remarks['Brand']),
    '/qualifications/CEC/remarks/CertifiedJA12ControlStrategies': plain(
      listed?.remarks['CertifiedJA12ControlStrategies'],
    ),
    '/qualifications/CEC/remarks/DeclarationForJA12Submitted': plain(
      listed?.remarks['DeclarationForJA12Submitted'],
    ),
  };
  const facts = factPaths.map((path) => texts[path] && keep(texts[path]));
  return { row, manufacturer, model, facts };
};

const elementOf = (element: ElementInput | null | undefined): ListedFact | undefined => {
  if (element === undefined) return undefined;
  if (element === null) return { value: null, label: null };
  const { state = 'submitted', value, unit, raw } = element;
  // What nobody can read says nothing: the import flags it.
  if (state === 'unparsed') return undefined;
  if (state === 'notSubmitted') return { value: 'not submitted', label: null };
  // How a number or a list of them is written is the program's doing, not a word of the list's.
  if (typeof value !== 'string') return { value: JSON.stringify(value), label: null };
  if (typeof unit === 'string') return { value: `${withoutZeros(value)} ${unit}`, label: null };
  return { value: collapse(value), label: collapse(typeof raw === 'string' ? raw : value) };
};

const certifiedText = (
  certified: ListedFacts['certification'],
  name: 'agency' | 'edition' | 'certificateDate',
): ListedFact | undefined => {
  if (certified === undefined) return undefined;
  if (certified === null) return { value: null, label: null };
  const value = certified[name];
  if (value === undefined) return undefined;
  if (value === null) return { value, label: null };
  const raw = (certified.raw as Readonly<Record<string, string>> | undefined)?.[name];
  return { value, label: collapse(raw ?? value) };
};

const plain = (text: string | null | undefined): ListedFact | undefined =>
  text === undefined ? undefined : { value: text === null ? null : collapse(text), label: null };
