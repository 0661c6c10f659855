import { describe, expect, it } from 'vitest';

import { agencyName, chemistryOf, cleanModel, editionOf } from './labels.js';

describe('chemistry labels', () => {
  it.each([
    'Lithium Iron Phosphate',
    'Lithium Iron Phosphate\u2002\u2002',
    'Lithium Iron\nPhosphate',
    'LithiumIron Phosphate',
    'Lithium-Iron Phosphate',
    'Lithium Iron Phosphare',
    'Lithium Ion Phosphate',
    'Lithium Iron',
    'Lithium lron',
    'LiFePO4',
    'LiFePO₄',
  ])('%j is LiFePO4', (label) => {
    expect(chemistryOf(label)).toBe('LiFePO4');
  });

  it.each(['Lithium Ion', 'Lithium-Ion', 'Lithium Ion Battery System'])('%j is LiIon', (label) => {
    expect(chemistryOf(label)).toBe('LiIon');
  });

  it.each(['Zinc Bromide', 'constructor', '__proto__', 'Lithium'])(
    '%j is nobody’s guess',
    (label) => {
      expect(chemistryOf(label)).toBeUndefined();
    },
  );
});

describe('agency names', () => {
  it('have one spelling, and different bodies stay apart', () => {
    expect(agencyName('CSA ')).toBe('CSA Group');
    expect(agencyName('TUV Rhainland of North America')).toBe('TUV Rheinland of North America');
    expect(agencyName('TÜV Rheinland')).toBe('TUV Rheinland');
    expect(agencyName('TUV SUD')).toBe('TUV SUD');
    expect(agencyName('Some New Lab')).toBe('Some New Lab');
  });
});

describe('editions of UL 1973', () => {
  it.each(['Ed. 3 : 2022', 'Ed 3: 2022', 'ed.3:2022', 'Edition 3, 2022'])(
    '%j is Ed. 3 : 2022',
    (text) => {
      expect(editionOf(text)).toBe('Ed. 3 : 2022');
    },
  );

  it('are not read from other text', () => {
    expect(editionOf('third')).toBeUndefined();
  });
});

describe('model numbers', () => {
  it('lose what a spreadsheet added and nothing else', () => {
    expect(cleanModel('\u00a0LFP-\n5000 +*\n')).toBe('LFP-5000 +*');
  });
});
