import { describe, expect, it } from 'vitest';

import { readElementArguments } from './element-arguments.js';
import { CommandFailure } from './exit-codes.js';

describe('elements on the command line', () => {
  it('are numbers with units, kept as written', () => {
    expect(
      readElementArguments(['EnergyCapacityNominal=13.50kWh', 'Mass = 12 kg', 'MPPTNumber=2']),
    ).toEqual({
      EnergyCapacityNominal: { value: '13.50', unit: 'kWh' },
      Mass: { value: '12', unit: 'kg' },
      MPPTNumber: { value: '2' },
    });
  });

  it('are texts where they do not read as a number with a unit', () => {
    expect(
      readElementArguments([
        'BatteryChemistryType=LiFePO4',
        'Description=48 V module',
        'ProdName=a=b',
      ]),
    ).toEqual({
      BatteryChemistryType: { value: 'LiFePO4' },
      Description: { value: '48 V module' },
      ProdName: { value: 'a=b' },
    });
  });

  it('are JSON where they begin like it', () => {
    expect(
      readElementArguments(['ProdName="48V"', 'EnergyCapacityUsable={"state":"notSubmitted"}']),
    ).toEqual({
      ProdName: { value: '48V' },
      EnergyCapacityUsable: { state: 'notSubmitted' },
    });
  });

  it.each(['Mass', '=5', 'Mass=', 'Mass={5'])('are refused as "%s"', (text) => {
    expect(() => readElementArguments([text])).toThrow(CommandFailure);
  });

  it('are refused when one is given twice', () => {
    expect(() => readElementArguments(['Mass=1kg', 'Mass=2kg'])).toThrow('"Mass" is given twice');
  });

  it('keep a name that objects inherit', () => {
    expect(Object.keys(readElementArguments(['__proto__=5']))).toEqual(['__proto__']);
  });
});
