import { describe, expect, it } from 'vitest';

import { type FieldError, Refusal } from '#kernel/refusal.js';

import { checkElementNames, type ElementInputs, readElements } from './read-elements.js';

const errorsThrownBy = (run: () => unknown): readonly FieldError[] => {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error.details.errors ?? [];
    throw error;
  }
  return [];
};

const errorsOf = (inputs: object): readonly FieldError[] =>
  errorsThrownBy(() => readElements('ProdBattery', inputs as ElementInputs));

describe('elements', () => {
  it('keep a decimal as written and count its digits', () => {
    expect(
      readElements('ProdBattery', { EnergyCapacityNominal: { value: '5.40', unit: 'kWh' } }),
    ).toEqual({
      EnergyCapacityNominal: { state: 'submitted', value: '5.40', unit: 'kWh', decimals: 2 },
    });
  });

  it('take "not submitted" as a state of its own, with the words of the source', () => {
    const raw = 'No Information Submitted';
    expect(
      readElements('ProdBattery', { EfficiencyBatteryRoundTrip: { state: 'notSubmitted', raw } }),
    ).toEqual({ EfficiencyBatteryRoundTrip: { state: 'notSubmitted', value: null, raw } });
  });

  it('take efficiencies as a list by inverter', () => {
    const value = [{ percent: '98', inverter: 'Sol-Ark 5K' }];
    expect(
      readElements('ProdBattery', { EfficiencyBatteryRoundTrip: { value, unit: 'percent' } }),
    ).toMatchObject({ EfficiencyBatteryRoundTrip: { value, unit: 'percent' } });
  });

  it.each([
    [{ EnergyCapacityNominal: { value: '5', unit: 'kW' } }, '/elements/EnergyCapacityNominal/unit'],
    [{ EnergyCapacityNominal: { value: '5' } }, '/elements/EnergyCapacityNominal/unit'],
    [{ EnergyCapacityNominal: { value: 5, unit: 'kWh' } }, '/elements/EnergyCapacityNominal/value'],
    [
      { EnergyCapacityNominal: { value: '-1', unit: 'kWh' } },
      '/elements/EnergyCapacityNominal/value',
    ],
    [
      { EnergyCapacityNominal: { value: '1e3', unit: 'kWh' } },
      '/elements/EnergyCapacityNominal/value',
    ],
    [
      { EnergyCapacityNominal: { value: '1,5', unit: 'kWh' } },
      '/elements/EnergyCapacityNominal/value',
    ],
    [
      { EnergyCapacityNominal: { value: '1.5', unit: 'kWh', decimals: 2 } },
      '/elements/EnergyCapacityNominal/decimals',
    ],
    [
      { EnergyCapacityNominal: { value: '1', unit: 'kWh', x: 1 } },
      '/elements/EnergyCapacityNominal/x',
    ],
    [{ EnergyCapacityNominal: '5 kWh' }, '/elements/EnergyCapacityNominal'],
    [
      { DepthOfDischargeMax: { value: '1.01', unit: 'decimal_percent' } },
      '/elements/DepthOfDischargeMax/value',
    ],
    [{ BatteryChemistryType: { value: 'Lithium' } }, '/elements/BatteryChemistryType/value'],
    [
      { BatteryChemistryType: { value: 'LiIon', unit: 'kWh' } },
      '/elements/BatteryChemistryType/unit',
    ],
    [{ ProdDatasheetURL: { value: 'javascript:alert(1)' } }, '/elements/ProdDatasheetURL/value'],
    [{ Description: { value: 'a\0b' } }, '/elements/Description/value'],
    [{ Description: { value: 'a\ud800b' } }, '/elements/Description/value'],
    [{ MPPTNumber: { value: '2.5' } }, '/elements/MPPTNumber/value'],
    [{ Colour: { value: 'red' } }, '/elements/Colour'],
    [{ constructor: { value: 'red' } }, '/elements/constructor'],
    [{ 'a/b': { value: 'red' } }, '/elements/a~1b'],
    [{ ProdCode: { value: 'X' } }, '/elements/ProdCode'],
    [{ Description: { state: 'unparsed' } }, '/elements/Description/raw'],
    [{ Description: { state: 'maybe' } }, '/elements/Description/state'],
    [
      {
        EfficiencyBatteryRoundTrip: { value: [{ percent: '101', inverter: 'x' }], unit: 'percent' },
      },
      '/elements/EfficiencyBatteryRoundTrip/value/0/percent',
    ],
    [
      { EfficiencyBatteryRoundTrip: { value: [null], unit: 'percent' } },
      '/elements/EfficiencyBatteryRoundTrip/value/0/percent',
    ],
  ])('refuse %j by naming %s', (inputs, pointer) => {
    expect(errorsOf(inputs).map((error) => error.pointer)).toContain(pointer);
  });

  it('name every wrong one at once', () => {
    expect(errorsOf({ A: {}, B: {} })).toHaveLength(2);
  });

  it('are withdrawn by names that exist', () => {
    const check = () => {
      checkElementNames('ProdBattery', ['Description', 'Colour']);
    };
    expect(errorsThrownBy(check).map(({ pointer }) => pointer)).toEqual(['/names/1']);
  });
});
