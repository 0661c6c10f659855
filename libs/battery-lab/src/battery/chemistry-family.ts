import type { Technology } from './events.js';
import type { Finding } from './stated-elements.js';

/** What the lab takes from an Orange Button `BatteryChemistryType`. */
export interface Family {
  readonly technology: Finding<Technology>;
  readonly chemistry: Finding<string>;
  /** Nominal voltage of one cell, V: the least and the greatest of what the type covers. */
  readonly cellV?: readonly [number, number];
}

interface Known {
  readonly technology: Technology;
  /** Absent: the type covers several. */
  readonly chemistry?: string;
  readonly cellV: readonly [number, number];
}

const lithiumIon = { technology: 'lithium', cellV: [3.6, 3.7] } as const;
const leadAcid = { technology: 'leadAcid', cellV: [2, 2] } as const;

const known: Readonly<Record<string, Known>> = {
  LiFePO4: { technology: 'lithium', chemistry: 'LFP', cellV: [3.2, 3.2] },
  LiIon: lithiumIon,
  LiPoly: lithiumIon,
  LeadAcid: leadAcid,
  LeadAcidSealed: leadAcid,
  LeadAcidFlooded: { ...leadAcid, chemistry: 'liquid' },
  LeadAcidGel: { ...leadAcid, chemistry: 'gel' },
  LeadAcidAGM: { ...leadAcid, chemistry: 'other' },
};

export const familyOf = (stated: string | undefined): Family => {
  if (stated === undefined) {
    const open = { open: 'the registry does not state BatteryChemistryType' };
    return { technology: open, chemistry: open };
  }
  const from = [`BatteryChemistryType ${stated}`];
  const family = Object.hasOwn(known, stated) ? known[stated] : undefined;
  if (!family) {
    const open = { open: `${stated} is none of the families that the lab tests` };
    return { technology: open, chemistry: open };
  }
  const { technology, chemistry, cellV } = family;
  return {
    technology: { value: technology, from },
    chemistry:
      chemistry === undefined
        ? { open: `${stated} may be one of several chemistries` }
        : { value: chemistry, from },
    cellV,
  };
};
