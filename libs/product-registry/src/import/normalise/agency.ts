import { collapse } from './cell.js';

/**
 * One spelling per certifying agency. Names that may be different bodies stay apart ("TUV", "TUV SUD",
 * "TUV SUD America", "TUV Rheinland", "TUV Rheinland of North America").
 */
const spellings: Readonly<Record<string, string>> = {
  csa: 'CSA Group',
  'csa group': 'CSA Group',
  'tuv rhainland': 'TUV Rheinland',
  'tuv rhainland of north america': 'TUV Rheinland of North America',
};

/** The agency's name in its one spelling; an unknown one as it is, with clean whitespace. */
export const agencyName = (raw: string): string => {
  const name = collapse(raw).replace(/Ü/g, 'U').replace(/ü/g, 'u');
  return spellings[name.toLowerCase()] ?? name;
};
