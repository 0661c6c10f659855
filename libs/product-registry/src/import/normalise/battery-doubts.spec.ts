import { describe, expect, it } from 'vitest';

import { columns, columnsWith, product } from './battery.fixture.js';

describe('a row of the battery list that is in doubt', () => {
  it.each([
    ['lastUpdate', 'TBD', 'is a placeholder: the cell is left out'],
    ['notes', 'a\u0000b', 'holds a NUL character: the cell is left out'],
    ['description', 'A\ufffdB', 'holds characters that could not be decoded: the cell is left out'],
    ['certifyingEntity', 'Pending', 'is a placeholder: the cell is left out'],
    ['technology', 'N/A', 'is a placeholder: the cell is left out'],
    [
      'listingDate',
      '31.02.2024',
      'is not a date that exists, such as 21.07.2021 or 2021-07-21; left out',
    ],
    ['listingDate', '45727', "is a spreadsheet's serial number, read as 2025-03-11"],
  ] as const)('does without %s %j and says so', (column, cell, reason) => {
    const row = product({ [column]: cell });
    expect([row.unread, row.problems]).toEqual([
      [],
      [expect.objectContaining({ reason, raw: cell.replace('\0', '\ufffd') })],
    ]);
  });

  it('says nothing of a placeholder, where a blank cell takes back', () => {
    const said = product({ certifyingEntity: 'N/A', lastUpdate: '-', description: '#N/A' }).facts;
    expect(said).not.toHaveProperty('certification');
    expect(said.listing).not.toHaveProperty('lastUpdate');
    expect(said.elements).not.toHaveProperty('Description');
  });

  it('takes no certificate whose date cannot be read: without it, it would be another one', () => {
    const row = product({ certificateDate: '31.02.2024' });
    expect(row.facts).not.toHaveProperty('certification');
    expect(product({ certificateDate: 'TBD' }).facts.certification).not.toHaveProperty(
      'certificateDate',
    );
  });

  it('converts units and keeps what was written', () => {
    const quantities = {
      energy: { ...columns.quantities.energy, unit: 'Wh' },
      power: { ...columns.quantities.power, unit: 'W' },
    };
    expect(
      product({ energy: '5120', power: '2500.5' }, { quantities }).facts.elements,
    ).toMatchObject({
      EnergyCapacityNominal: { value: '5.12', unit: 'kWh', raw: '5120 Wh' },
      PowerDCContinuousMax: { value: '2.5005', unit: 'kW', raw: '2500.5 W' },
    });
  });

  it.each([
    [
      'a number that may be a thousand',
      { energy: '1,200' },
      { quantities: columnsWith(undefined).quantities },
      ['/elements/EnergyCapacityNominal'],
    ],
    ['a day that may be a month', { listingDate: '03/04/2025' }, {}, ['/qualifications/CEC']],
    [
      'a certificate of one of two days',
      { certificateDate: '03/04/2025' },
      {},
      ['/certifications/UL1973'],
    ],
    ['a power that is no number', { power: '2.5.1' }, {}, ['/elements/PowerDCContinuousMax']],
    [
      'values without a unit that are too large',
      {},
      {
        quantities: {
          ...columns.quantities,
          energy: { ...columns.quantities.energy, unit: undefined },
        },
      },
      ['/elements/EnergyCapacityNominal'],
    ],
    [
      'a capacity of which nothing is said',
      { energy: 'N/A' },
      {},
      ['/elements/EnergyCapacityNominal'],
    ],
  ] as const)('asks for review of %s', (_, changes, of, unread) => {
    const row = product(changes, of);
    expect(row.unread).toEqual(unread);
    expect(row.problems).toHaveLength(1);
  });

  it.each([
    ['AB\ufffd', 'holds characters that could not be decoded', 'AB\ufffd'],
    ['V5Â°0Î±', 'is "V5°0α" read in another code page', 'V5°0α'],
    ['9.55167E+12', 'looks like a number that a spreadsheet shortened', '9.55167E+12'],
  ])('shows the damage of the model %j', (model, reason, meant) => {
    expect(product({ model }).damage).toEqual({
      problems: [{ column: 'model number', reason, raw: model }],
      meant: { manufacturer: 'Aurora Cells Inc.', model: meant },
    });
  });

  it('warns of what is hard to believe, and names the rule and its version', () => {
    expect(product({ energy: '999999999' }).warnings).toEqual([
      expect.objectContaining({
        column: 'nameplate energy capacity',
        raw: '999999999',
        reason: expect.stringMatching(/energy-range, version 1/) as unknown,
      }),
      expect.anything(),
      expect.anything(),
    ]);
  });
});
