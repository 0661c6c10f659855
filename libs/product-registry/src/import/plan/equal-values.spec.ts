import { describe, expect, it } from 'vitest';

import type { ListedFacts } from '../../product/commands.js';
import type { ProductEvent } from '../../product/events.js';
import { given, list, registered } from '../../product/list-rows.fixture.js';
import { hasEqualValues } from './equal-values.js';

const facts = (elements: ListedFacts['elements'], from = list): ListedFacts => ({
  ...{ list: from, productType: 'ProdBattery', manufacturer: 'ABC', model: 'EFL-48' },
  elements,
});
const energy = (value: string) => ({ EnergyCapacityNominal: { value, unit: 'kWh' } });
const power = (value: string) => ({ PowerDCContinuousMax: { value, unit: 'kW' } });
const unread = { state: 'unparsed', raw: '5,1 or 5.1' };

const set = (value: string, from?: string): ProductEvent => ({
  type: 'ElementsSet',
  data: {
    elements: { EnergyCapacityNominal: { state: 'submitted', value, unit: 'kWh', decimals: 1 } },
    ...(from !== undefined && { list: from }),
  },
});

const isEqual = (row: ListedFacts, ...events: readonly ProductEvent[]) => {
  const { state } = given(registered, ...events);
  if (state.status === 'absent') throw new Error('the product is registered');
  return hasEqualValues(row, state);
};

describe('the values of a row and of a product', () => {
  it('are equal however many zeros they are written with', () => {
    expect(isEqual(facts(energy('5.10')), set('5.1', list))).toBe(true);
    expect(isEqual(facts(energy('5.2')), set('5.1', list))).toBe(false);
  });

  it('are equal in whatever unit a person wrote them', () => {
    const byHand = { state: 'submitted', value: '5100', unit: 'Wh', decimals: 0 } as const;
    const elements = { EnergyCapacityNominal: byHand };
    const set: ProductEvent = { type: 'ElementsSet', data: { elements } };
    expect(isEqual(facts(energy('5.1')), set)).toBe(true);
    expect(isEqual(facts(energy('5.2')), set)).toBe(false);
  });

  it('say too little without a capacity', () => {
    expect(isEqual(facts(power('5')))).toBe(false);
    expect(isEqual(facts({ EnergyCapacityNominal: unread }))).toBe(false);
  });

  it('differ where only one of them says something', () => {
    expect(isEqual(facts({ ...energy('5.1'), ...power('2') }), set('5.1', list))).toBe(false);
    const unreadPower = { PowerDCContinuousMax: unread, BatteryChemistryType: null };
    expect(isEqual(facts({ ...energy('5.1'), ...unreadPower }), set('5.1', list))).toBe(true);
  });

  it('are those that the list said last, whatever a person said since', () => {
    expect(isEqual(facts(energy('5.1')), set('5.1', list), set('6.0'))).toBe(true);
    expect(isEqual(facts(energy('6.0')), set('5.1', list), set('6.0'))).toBe(false);
    expect(isEqual(facts(energy('6.0'), 'another'), set('5.1', list), set('6.0'))).toBe(true);
  });
});
