import { describe, expect, it } from 'vitest';

import { Refusal } from '#kernel/refusal.js';

import { refusedRow } from './refused-row.js';

const reasonOf = (listed: unknown, standing: unknown): string | undefined => {
  const conflicts = [{ path: '/elements/EnergyCapacityNominal', listed, standing }];
  const refusal = new Refusal('LIST_AGAINST_CURATOR', 'conflict', 'x', { conflicts });
  return refusedRow(1, refusal, () => ({ column: 'energy', raw: '8.3' })).problems?.[0]?.reason;
};
const energy = (value: string) => ({ state: 'submitted', value, unit: 'kWh', decimals: 1 });

describe('a row that meets a person’s word', () => {
  it('says in a sentence what the list says and what stands', () => {
    expect(reasonOf(energy('8.3'), energy('8.25'))).toBe(
      'the list says 8.3 kWh; a curator set 8.25 kWh',
    );
    expect(reasonOf(null, 'Formerly X')).toBe('the list says nothing; a curator set Formerly X');
    expect(reasonOf({ state: 'notSubmitted', value: null }, energy('1'))).toBe(
      'the list says that nothing was submitted; a curator set 1 kWh',
    );
  });

  it('names a certification without its id', () => {
    const listed = {
      agency: 'TUV',
      standard: 'UL1973',
      edition: null,
      certificateDate: '2024-12-26',
    };
    const standing = { certificationId: 'c1', agency: 'CSA', standard: 'UL1973', edition: null };
    expect(reasonOf(listed, standing)).toBe(
      'the list says TUV, UL1973, 2024-12-26; a curator set CSA, UL1973',
    );
  });
});
