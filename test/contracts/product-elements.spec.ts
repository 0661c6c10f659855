import { describe, expect, it } from 'vitest';

import { elementsByName } from '#product-registry/product/element-schema.js';

import { schemaCheck } from './json-schema.js';

const check = schemaCheck(elementsByName);
const state = 'submitted';
const energy = { state, value: '5.40', unit: 'kWh', decimals: 2 };
const efficiency = { state, value: [{ percent: '98.5', inverter: 'Sol-Ark 5K' }], unit: 'percent' };

describe('the schema of published elements', () => {
  it.each([
    ['a decimal with its unit', { EnergyCapacityNominal: energy }],
    [
      'a negative temperature',
      { TemperatureMinimumOperating: { ...energy, value: '-20', unit: 'Cel' } },
    ],
    ['ratings', { EfficiencyBatteryRoundTrip: efficiency }],
    ['one of a list', { BatteryChemistryType: { state, value: 'LiFePO4', raw: 'LFP' } }],
    ['what is not submitted', { EnergyCapacityNominal: { state: 'notSubmitted', value: null } }],
    ['what was not readable', { MPPTNumber: { state: 'unparsed', value: null, raw: '2 or 3' } }],
  ])('takes %s', (_, elements) => {
    expect(check(elements)).toEqual([]);
  });

  it.each([
    ['a number', { EnergyCapacityNominal: { ...energy, value: 5.4 } }],
    ['digits that are none', { EnergyCapacityNominal: { ...energy, value: '5,40' } }],
    ['a leading zero', { EnergyCapacityNominal: { ...energy, value: '05.4' } }],
    ['another unit', { EnergyCapacityNominal: { ...energy, unit: 'BTU' } }],
    ['no unit', { EnergyCapacityNominal: { state, value: '5.40' } }],
    ['a unit where there is none', { MPPTNumber: { state, value: '2', unit: 'V' } }],
    ['a value beside its absence', { EnergyCapacityNominal: { ...energy, state: 'unparsed' } }],
    ['no value', { EnergyCapacityNominal: { ...energy, value: null } }],
    [
      'half a rating',
      { EfficiencyBatteryRoundTrip: { ...efficiency, value: [{ percent: '98' }] } },
    ],
    ['a chemistry of its own', { BatteryChemistryType: { state, value: 'Lithium' } }],
    ['an unknown element', { Colour: { state, value: 'green' } }],
    ['an unknown state', { Description: { state: 'rumoured', value: 'x' } }],
  ])('refuses %s', (_, elements) => {
    expect(check(elements)).not.toEqual([]);
  });
});
