import { collapse } from './cell.js';

/**
 * One spelling per certifying agency. Names that may be different bodies stay apart ("TUV", "TUV SUD",
 * "TUV SUD America", "TUV Rheinland", "TUV Rheinland of North America").
 */
const agencies: Readonly<Record<string, string>> = {
  csa: 'CSA Group',
  'csa group': 'CSA Group',
  'tuv rhainland': 'TUV Rheinland',
  'tuv rhainland of north america': 'TUV Rheinland of North America',
};

/** The agency's name in its one spelling; an unknown one as it is, with clean whitespace. */
export const agencyName = (raw: string): string => {
  const name = collapse(raw).replace(/Ü/g, 'U').replace(/ü/g, 'u');
  return agencies[name.toLowerCase()] ?? name;
};

/** Values of the Orange Button element `BatteryChemistryType` that battery lists use. */
type BatteryChemistry = 'LiFePO4' | 'LiIon' | 'LeadAcid';

/**
 * Labels in folded form (letters and digits only, lower case). "Lithium Ion Phosphate" and
 * "Lithium Iron" are slips for lithium iron phosphate: the descriptions of those rows say so.
 */
const chemistries: Readonly<Record<string, BatteryChemistry>> = {
  lithiumironphosphate: 'LiFePO4',
  lithiumironphosphare: 'LiFePO4',
  lithiumironphospate: 'LiFePO4',
  lithiumionphosphate: 'LiFePO4',
  lithiumiron: 'LiFePO4',
  lithiumlronphosphate: 'LiFePO4',
  lithiumlron: 'LiFePO4',
  lifepo4: 'LiFePO4',
  lfp: 'LiFePO4',
  lithiumion: 'LiIon',
  lithiumionbatterysystem: 'LiIon',
  liion: 'LiIon',
  leadacid: 'LeadAcid',
};

/** The chemistry that a label stands for, or undefined for one that nobody has decided on. */
export const chemistryOf = (raw: string): BatteryChemistry | undefined => {
  const folded = collapse(raw)
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}]/gu, '');
  return Object.hasOwn(chemistries, folded) ? chemistries[folded] : undefined;
};

/** `Ed. 3 : 2022` for any of its spellings, undefined for text that names no edition and year. */
export const editionOf = (raw: string): string | undefined => {
  const found = /^ed(?:ition|n)?\s*\.?\s*(\d{1,2})\s*[:,(-]?\s*((?:19|20)\d{2})\)?$/i.exec(
    collapse(raw),
  );
  return found ? `Ed. ${String(Number(found[1]))} : ${String(found[2])}` : undefined;
};

/**
 * A model number for display: NFC, trimmed, whitespace behind a hyphen removed, other runs of it to one
 * space. Line breaks and no-break spaces are what spreadsheets leave, not part of a model.
 */
export const cleanModel = (raw: string): string => collapse(raw).replace(/- /g, '-');
