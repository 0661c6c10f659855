import { describe, expect, it } from 'vitest';

import { cecBatteries } from '../layouts/cec-batteries.js';
import { cellAt } from '../layouts/fact-layout.js';
import { cells, columns, columnsWith, normalised, product } from './battery.fixture.js';
import { normaliseBattery } from './battery.js';

describe('a row of the battery list', () => {
  it('becomes elements, a certification and a listing', () => {
    expect(product().facts).toEqual({
      list: 'cec-batteries',
      productType: 'ProdBattery',
      manufacturer: 'Aurora Cells Inc.',
      model: 'AC-5',
      elements: {
        BatteryChemistryType: {
          state: 'submitted',
          value: 'LiFePO4',
          raw: 'Lithium Iron Phosphate',
        },
        Description: { state: 'submitted', value: '5 kWh battery' },
        EnergyCapacityNominal: { state: 'submitted', value: '5.40', unit: 'kWh' },
        PowerDCContinuousMax: { state: 'submitted', value: '2.5', unit: 'kW' },
        EfficiencyBatteryRoundTrip: {
          state: 'notSubmitted',
          raw: 'No Information Submitted',
        },
      },
      certification: {
        agency: 'CSA Group',
        standard: 'UL1973',
        edition: 'Ed. 3 : 2022',
        certificateDate: '2021-06-02',
        raw: { agency: 'CSA', edition: 'Ed 3: 2022' },
      },
      listing: {
        agency: 'CEC',
        listingDate: '2021-07-21',
        lastUpdate: null,
        notes: null,
        remarks: {
          Brand: null,
          CertifiedJA12ControlStrategies: 'No Information Submitted',
          DeclarationForJA12Submitted: 'N',
          ManufacturerAsWritten: null,
          ModelAsWritten: null,
        },
      },
    });
  });

  it('says nothing of columns that the file lacks, and null of blank cells', () => {
    const { model, manufacturer, technology, energy } = cells;
    const row = normaliseBattery(
      { row: 1, cells: { model, manufacturer, technology, energy, power: '' } },
      columns,
    );
    if ('rejected' in row) throw new Error('rejected');
    expect(Object.keys(row.facts.elements)).toEqual([
      'BatteryChemistryType',
      'EnergyCapacityNominal',
      'PowerDCContinuousMax',
    ]);
    expect(row.facts.elements['PowerDCContinuousMax']).toBeNull();
    expect(row.facts).not.toHaveProperty('certification');
    expect(row.facts.listing).toEqual({
      agency: 'CEC',
      remarks: { ManufacturerAsWritten: null, ModelAsWritten: null },
    });
  });

  it('keeps the cells of a padded maker and model', () => {
    const { facts: padded } = product({
      manufacturer: 'Aurora Cells Inc.\u00a0',
      model: 'AC-\n5',
    });
    expect(padded).toMatchObject({
      manufacturer: 'Aurora Cells Inc.',
      model: 'AC-5',
      listing: {
        remarks: { ManufacturerAsWritten: 'Aurora Cells Inc.\u00a0', ModelAsWritten: 'AC-\n5' },
      },
    });
  });

  it('reads decimal commas and keeps the raw text', () => {
    const row = normaliseBattery(
      { row: 1, cells: { ...cells, energy: '5,40', power: '2,5' } },
      columnsWith(','),
    );
    if ('rejected' in row) throw new Error('rejected');
    expect(row.facts.elements['EnergyCapacityNominal']).toEqual({
      state: 'submitted',
      value: '5.40',
      unit: 'kWh',
      raw: '5,40',
    });
  });

  it('asserts no certification where none was submitted', () => {
    expect(
      product({ certifyingEntity: 'no information submitted' }).facts.certification,
    ).toBeNull();
    expect(product({ certifyingEntity: '' }).facts.certification).toBeNull();
  });

  it('keeps efficiencies that were cut off raw and flags them', () => {
    const row = product({ efficiency: '89 [Sanctuary 3' });
    expect(row.facts.elements['EfficiencyBatteryRoundTrip']).toEqual({
      state: 'unparsed',
      raw: '89 [Sanctuary 3',
    });
    expect(row.unread).toEqual([]);
    expect(row.problems).toEqual([
      expect.objectContaining({
        column: 'manufacturer declared roundtrip efficiency',
        raw: '89 [Sanctuary 3',
      }),
    ]);
  });

  it('asks for review of a chemistry that nobody has decided on', () => {
    const row = product({ technology: 'Zinc Bromide' });
    expect(row.unread).toEqual(['/elements/BatteryChemistryType']);
    expect(row.problems[0]).toMatchObject({ column: 'technology', raw: 'Zinc Bromide' });
  });

  it.each([
    ['manufacturer', ' \u00a0', 'manufacturer name', 'is blank'],
    ['model', '', 'model number', 'is blank'],
    ['model', 'No Information Submitted', 'model number', 'was not submitted'],
    ['model', '#N/A', 'model number', 'is a placeholder'],
    ['manufacturer', '#REF!', 'manufacturer name', 'is a placeholder'],
    ['energy', 'five', 'nameplate energy capacity', 'is not a decimal number'],
    ['energy', '-5', 'nameplate energy capacity', 'is below zero'],
    ['model', 'a\u0000b', 'model number', 'holds a NUL character'],
  ] as const)('is rejected for %s %j', (column, cell, title, reason) => {
    expect(normalised({ [column]: cell })).toEqual({
      rejected: expect.arrayContaining([
        { column: title, reason, raw: cell.replace('\0', '\ufffd') },
      ]) as unknown,
    });
  });

  it('is named by the cell that a fact was read from', () => {
    const row = { row: 1, cells };
    expect(cellAt(cecBatteries, row, '/elements/EnergyCapacityNominal/value')).toEqual({
      column: 'nameplate energy capacity',
      raw: '5.40',
    });
    expect(cellAt(cecBatteries, row, '/qualifications/CEC/notes').column).toBe('notes');
    expect(cellAt(cecBatteries, row, '/elements/Unheard')).toEqual({ column: '', raw: '' });
  });
});
