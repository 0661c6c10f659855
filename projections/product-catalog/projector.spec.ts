import { describe, expect, it } from 'vitest';

import { changes } from './projector.js';
import { manufacturerRow, productRow } from './rows.js';
import { decimal, idOf, Story, text } from './story.fixture.js';
import { type CatalogWork, emptyWork } from './working-set.js';

const told = (story: Story, work: CatalogWork = emptyWork()): CatalogWork => {
  for (const event of story.events) changes[event.type]?.(work, event);
  return work;
};

const productIn = (work: CatalogWork, name: string) => {
  const product = work.products.get(idOf(name));
  return product && productRow(product);
};

const manufacturerIn = (work: CatalogWork, name: string) => {
  const manufacturer = work.manufacturers.get(idOf(name));
  return manufacturer && manufacturerRow(manufacturer);
};

describe('the catalogue', () => {
  it('keeps what is filtered and sorted by beside the document, in one unit', () => {
    const work = told(
      new Story().maker('Alpha', 'ALPHA').battery('Smile 5', 'Alpha', 'ALPHA-SMILE_5', {
        Description: text('Wall box'),
        BatteryChemistryType: text('LiFePO4'),
        EnergyCapacityNominal: decimal('5120', 'Wh'),
        PowerDCContinuousMax: decimal('2.50', 'kW'),
      }),
    );
    expect(productIn(work, 'Smile 5')).toMatchObject({
      code: 'ALPHA-SMILE_5',
      chemistry: 'LiFePO4',
      capacity_kwh: '5.120',
      power_kw: '2.50',
      search_text: 'alpha-smile_5\nsmile 5\nprodbattery\nwall box',
      revision: '1',
      position: '24',
      document: { elements: { EnergyCapacityNominal: { value: '5120', unit: 'Wh' } } },
    });
  });

  it('has no value to filter by once the element is withdrawn', () => {
    const story = new Story()
      .battery('B', 'Alpha', null, { EnergyCapacityNominal: decimal('5', 'kWh') })
      .product('B', { type: 'ElementsWithdrawn', data: { names: ['EnergyCapacityNominal'] } });
    expect(productIn(told(story), 'B')?.capacity_kwh).toBeNull();
  });

  it('leads from every code that a product ever had to it, and leaves a code with whom it was first', () => {
    const work = told(
      new Story()
        .battery('B', 'Alpha', 'OLD-B')
        .product('B', { type: 'ProdCodeAssigned', data: { code: 'NEW-B', previous: 'OLD-B' } })
        .battery('C', 'Alpha', 'OLD-B'),
    );
    expect([...work.codes]).toEqual([
      ['OLD-B', idOf('B')],
      ['NEW-B', idOf('B')],
    ]);
    expect(productIn(work, 'B')?.code).toBe('NEW-B');
  });

  it('ignores what comes before a registration and what belongs to other streams', () => {
    const story = new Story()
      .set('B', { Description: text('too early') })
      .add('elsewhere-1', { type: 'ElementsSet', data: { elements: {} } });
    const work = told(story);
    expect(work.products.size + work.changedProducts.size).toBe(0);
  });

  it('counts a forfeited key as an event of the stream and shows nothing of it', () => {
    const before = told(new Story().battery('B', 'Alpha', 'A-B'));
    const after = told(
      new Story().battery('B', 'Alpha', 'A-B').add(`product-${idOf('B')}`, {
        type: 'KeyForfeited',
        data: { kind: 'k', value: 'v', claim: '0' },
      }),
    );
    expect(productIn(after, 'B')).toEqual({
      ...productIn(before, 'B'),
      revision: '1',
      position: '10',
    });
  });

  it('lets the last of a chain of mergers answer for all of them', () => {
    const work = told(
      new Story()
        .maker('A')
        .maker('B')
        .maker('C')
        .manufacturer('A', { type: 'ManufacturerMerged', data: { into: idOf('B') } })
        .manufacturer('B', { type: 'ManufacturerMerged', data: { into: idOf('C') } }),
    );
    expect(['A', 'B', 'C'].map((name) => manufacturerIn(work, name)?.resolved_id)).toEqual(
      ['C', 'C', 'C'].map(idOf),
    );
    expect(manufacturerIn(work, 'A')?.merged_into).toBe(idOf('B'));
  });

  it('ends where two manufacturers were merged into each other', () => {
    const work = told(
      new Story()
        .maker('A')
        .maker('B')
        .manufacturer('A', { type: 'ManufacturerMerged', data: { into: idOf('B') } })
        .manufacturer('B', { type: 'ManufacturerMerged', data: { into: idOf('A') } }),
    );
    expect(manufacturerIn(work, 'A')?.resolved_id).toBe(idOf('B'));
    expect(manufacturerIn(work, 'B')?.resolved_id).toBe(idOf('B'));
  });

  it('is searched by every name and code of a manufacturer', () => {
    const work = told(
      new Story()
        .maker('Alpha ESS Co., Ltd.', 'ALPHA')
        .manufacturer('Alpha ESS Co., Ltd.', {
          type: 'ManufacturerAliasAdded',
          data: { alias: 'AlphaESS' },
        })
        .manufacturer('Alpha ESS Co., Ltd.', {
          type: 'EntityCodeIssued',
          data: { code: 'AESS', previous: 'ALPHA', rule: 'manual' },
        }),
    );
    expect(manufacturerIn(work, 'Alpha ESS Co., Ltd.')).toMatchObject({
      code: 'AESS',
      codes: ['ALPHA', 'AESS'],
      search_text: 'alpha ess co., ltd.\nalphaess\nalpha\naess',
    });
  });
});
