import { describe, expect, it } from 'vitest';

import { parseEfficiencies } from './efficiencies.js';

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
