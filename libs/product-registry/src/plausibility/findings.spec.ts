import { describe, expect, it } from 'vitest';

import { findingsOf, plausibilityRules } from './findings.js';

const kWh = (value: string, unit = 'kWh') => ({ value, unit });
const kW = (value: string, unit = 'kW') => ({ value, unit });

const plausible = {
  BatteryChemistryType: { value: 'LiFePO4' },
  Description: { value: '2.5 kW, 5.1 kWh lithium iron phosphate battery' },
  EnergyCapacityNominal: kWh('5.12'),
  PowerDCContinuousMax: kW('2.5'),
};

const rulesOn = (changes: Parameters<typeof findingsOf>[1]): readonly string[] =>
  findingsOf('ProdBattery', { ...plausible, ...changes }).map(({ rule }) => rule);

describe('the rules of plausibility for batteries', () => {
  it('find nothing in what is usual, and nothing where nothing is said', () => {
    expect(rulesOn({})).toEqual([]);
    expect(findingsOf('ProdBattery', {})).toEqual([]);
    expect(rulesOn({ EnergyCapacityNominal: null, PowerDCContinuousMax: null })).toEqual([]);
  });

  it.each([
    ['energy-range', { EnergyCapacityNominal: kWh('999999999'), Description: null }],
    ['power-range', { PowerDCContinuousMax: kW('0') }],
    ['power-against-energy', { PowerDCContinuousMax: kW('50000', 'W'), Description: null }],
    [
      'energy-and-power-swapped',
      {
        Description: { value: '5 kW, 10 kWh battery' },
        EnergyCapacityNominal: kWh('5'),
        PowerDCContinuousMax: kW('10'),
      },
    ],
    ['energy-against-description', { EnergyCapacityNominal: kWh('7.5') }],
    ['power-against-description', { PowerDCContinuousMax: kW('5') }],
    ['chemistry-against-description', { BatteryChemistryType: { value: 'LeadAcid' } }],
    ['usable-above-nominal', { EnergyCapacityUsable: kWh('6000', 'Wh') }],
    [
      'efficiency-range',
      { EfficiencyBatteryRoundTrip: { value: [{ percent: '9.5', inverter: 'X' }] } },
    ],
  ])('%s', (rule, changes) => {
    expect(rulesOn(changes)).toContain(rule);
  });

  it.each([
    ['round', { Description: { value: '2.5 kW, 5 kWh' } }],
    ['convert', { EnergyCapacityNominal: kWh('5120', 'Wh') }],
    ['name several sizes', { Description: { value: '5.1 kWh, 10.2 kWh or 15.3 kWh' } }],
    [
      'write thousands',
      {
        Description: { value: '1,200 kWh, 2,5 kW' },
        EnergyCapacityNominal: kWh('1200'),
        PowerDCContinuousMax: kW('600'),
      },
    ],
  ])('let descriptions %s', (_, changes) => {
    expect(rulesOn(changes)).not.toContain('energy-against-description');
  });

  it('are listed with their versions, which a finding names', () => {
    const rules = plausibilityRules('ProdBattery');
    expect(new Set(rules.map(({ rule }) => rule)).size).toBe(rules.length);
    const [finding] = findingsOf('ProdBattery', { EnergyCapacityNominal: kWh('999999999') });
    expect(finding).toEqual({
      rule: 'energy-range',
      version: rules.find(({ rule }) => rule === 'energy-range')?.version,
      elements: ['EnergyCapacityNominal'],
      message: '999999999 kWh is outside 0.01 to 20000 kWh',
    });
  });
});
