import { collapse } from './cell.js';

/** Values of the Orange Button element `BatteryChemistryType` that battery lists use. */
export type BatteryChemistry = 'LiFePO4' | 'LiIon' | 'LeadAcid';

/**
 * Labels in folded form (letters and digits only, lower case). "Lithium Ion Phosphate" and
 * "Lithium Iron" are slips for lithium iron phosphate: the descriptions of those rows say so.
 */
const labels: Readonly<Record<string, BatteryChemistry>> = {
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
  return Object.hasOwn(labels, folded) ? labels[folded] : undefined;
};
