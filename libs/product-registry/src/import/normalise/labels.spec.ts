import { describe, expect, it } from '@jest/globals';

import { agencyName } from './agency.js';
import { chemistryOf } from './chemistry.js';
import { editionOf } from './edition.js';
import { parseEfficiencies } from './efficiency.js';
import { cleanModel } from './model.js';

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

describe('round-trip efficiencies', () => {
  it('are pairs of a percentage and an inverter', () => {
    expect(parseEfficiencies('98 [Sol-Ark 5K]\n98 [Sol-Ark 8K]    ')).toEqual([
      { percent: '98', inverter: 'Sol-Ark 5K' },
      { percent: '98', inverter: 'Sol-Ark 8K' },
    ]);
    expect(parseEfficiencies('81.04 [10-005025 ]')).toEqual([
      { percent: '81.04', inverter: '10-005025' },
    ]);
  });

  it('may name an inverter over two lines', () => {
    expect(parseEfficiencies('89 [Lion Hybrid \nInverter 12kW]')).toEqual([
      { percent: '89', inverter: 'Lion Hybrid Inverter 12kW' },
    ]);
  });

  it.each(['Inverter 12kW]', '89 [Sanctuary 3', '89', '[X]', '189 [X]', '0 [X]', '89 [ ]', ''])(
    'are not guessed from %j',
    (text) => {
      expect(parseEfficiencies(text)).toBeUndefined();
    },
  );

  it('do not take long on hostile text', () => {
    const started = performance.now();
    expect(parseEfficiencies(`${'9 '.repeat(4000)}[`)).toBeUndefined();
    expect(parseEfficiencies(`${'98 [x]\n'.repeat(1000)}98`)).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(200);
  });
});

describe('model numbers', () => {
  it('lose what a spreadsheet added and nothing else', () => {
    expect(cleanModel('\u00a0LFP-\n5000 +*\n')).toBe('LFP-5000 +*');
  });
});
