import { describe, expect, it } from 'vitest';

import { productDecider } from './decider.js';
import type { ProductEvent } from './events.js';
import { conflictsOf, given, key, list, registered, row } from './list-rows.fixture.js';
import { openConflicts } from './reconcile.js';

const capacity = (value: string, from?: string): ProductEvent => ({
  type: 'ElementsSet',
  data: {
    elements: {
      EnergyCapacityNominal: { state: 'submitted', value, unit: 'kWh', decimals: 1 },
    },
    ...(from !== undefined && { list: from }),
  },
});
const withdrawn = (from?: string): ProductEvent => ({
  type: 'ElementsWithdrawn',
  data: { names: ['EnergyCapacityNominal'], ...(from !== undefined && { list: from }) },
});
const listed = (value: string) =>
  row({ elements: { EnergyCapacityNominal: { value, unit: 'kWh' } } });
const blank = row({ elements: { EnergyCapacityNominal: null } });

describe('a row of a list', () => {
  it('registers an unknown product with all that it says', () => {
    given()
      .when(
        row(
          { elements: { EnergyCapacityNominal: { value: '5.1', unit: 'kWh' } } },
          { ...key, code: 'ABC-EFL_48' },
        ),
      )
      .then(registered, capacity('5.1', list));
  });

  it('does not contradict a person who wrote the same amount in another unit', () => {
    const elements = {
      EnergyCapacityNominal: { state: 'submitted', value: '5100', unit: 'Wh', decimals: 0 },
    } as const;
    const byHand: ProductEvent = { type: 'ElementsSet', data: { elements } };
    expect(conflictsOf(listed('5.10'), registered, capacity('5.0', list), byHand)).toEqual([]);
    expect(conflictsOf(listed('5.2'), registered, capacity('5.0', list), byHand)).toHaveLength(1);
  });

  it('changes nothing where the list says what it said before', () => {
    given(registered, capacity('5.1', list)).when(listed('5.1')).thenNothing();
  });

  it('changes nothing where a person has set another value since', () => {
    given(registered, capacity('5.1', list), capacity('6.0')).when(listed('5.1')).thenNothing();
    given(registered, capacity('5.1', list), withdrawn()).when(listed('5.1')).thenNothing();
  });

  it('records what changed in the list where the list had the last word', () => {
    given(registered, capacity('5.1', list)).when(listed('5.2')).then(capacity('5.2', list));
    given(registered, capacity('5.1', list)).when(blank).then(withdrawn(list));
  });

  it('says nothing of a column that it does not have', () => {
    given(registered, capacity('5.1', list)).when(row({})).thenNothing();
  });

  it('waits for a person whose other value stands, and again with the next list', () => {
    const before = [registered, capacity('5.1', list), capacity('6.0')];
    const { state } = given(...before);
    expect(productDecider.decide(listed('5.2'), state)).toEqual([]);
    expect(conflictsOf(listed('5.2'), ...before)).toMatchObject([
      {
        path: '/elements/EnergyCapacityNominal',
        listed: { value: '5.2', unit: 'kWh' },
        standing: { value: '6.0', unit: 'kWh' },
      },
    ]);
    expect(conflictsOf(blank, ...before)).toMatchObject([{ listed: null }]);
    expect(
      conflictsOf(listed('5.2'), registered, capacity('5.1', list), withdrawn()),
    ).toMatchObject([{ standing: null }]);
    expect(conflictsOf(listed('5.2'), registered, capacity('6.0'))).toHaveLength(1);
    expect(conflictsOf(listed('5.1'), ...before)).toEqual([]);
  });

  it('leaves a person’s value where nobody could read the cell', () => {
    const unread = row({
      elements: { EnergyCapacityNominal: { state: 'unparsed', raw: '5 to 6' } },
    });
    given(registered, capacity('6.0')).when(unread).thenNothing();
    given(registered, capacity('5.1', list), capacity('6.0')).when(unread).thenNothing();
  });

  it('takes the rest of the row where one value waits', () => {
    const both = row({
      elements: {
        EnergyCapacityNominal: { value: '5.2', unit: 'kWh' },
        BatteryChemistryType: { value: 'LiIon' },
      },
    });
    const after = given(registered, capacity('5.1', list), capacity('6.0'))
      .when(both)
      .then({
        type: 'ElementsSet',
        data: { elements: { BatteryChemistryType: { state: 'submitted', value: 'LiIon' } }, list },
      });
    if (after.status === 'absent') throw new Error('the product is gone');
    expect(openConflicts(both.data, after).map(({ path }) => path)).toEqual([
      '/elements/EnergyCapacityNominal',
    ]);
    expect(productDecider.decide(both, after)).toEqual([]);
  });

  it('agrees with a person, whose word still stands against the next change', () => {
    const agreed = given(registered, capacity('5.1', list), capacity('6.0'))
      .when(listed('6.0'))
      .then(capacity('6.0', list));
    expect(productDecider.decide(listed('6.0'), agreed)).toEqual([]);
    expect(
      conflictsOf(
        listed('7.0'),
        ...[registered, capacity('5.1', list), capacity('6.0'), capacity('6.0', list)],
      ),
    ).toHaveLength(1);
    given(registered, capacity('5.1', list), withdrawn()).when(blank).then(withdrawn(list));
  });

  it('takes 6.0 and 6.00 for the same number when it meets a person', () => {
    given(registered, capacity('5.1', list), capacity('6.0'))
      .when(listed('6.00'))
      .then({
        type: 'ElementsSet',
        data: {
          elements: {
            EnergyCapacityNominal: { state: 'submitted', value: '6.00', unit: 'kWh', decimals: 2 },
          },
          list,
        },
      });
  });

  it('is compared with its own list only', () => {
    given(registered, capacity('5.1', list), capacity('6.0', 'other'))
      .when(listed('5.1'))
      .thenNothing();
  });

  it('ignores another text for the same value', () => {
    const labelled = (raw: string) =>
      row({ elements: { BatteryChemistryType: { value: 'LiFePO4', raw } } });
    const before: ProductEvent = {
      type: 'ElementsSet',
      data: {
        elements: {
          BatteryChemistryType: { state: 'submitted', value: 'LiFePO4', raw: 'Lithium Iron' },
        },
        list,
      },
    };
    given(registered, before).when(labelled('Lithium Iron Phosphate')).thenNothing();
  });

  it('is not taken for a product of another key', () => {
    given(registered)
      .when(row({}, { manufacturerId: 'maker-1', modelKey: 'EFL-49' }))
      .thenRefused('PRODUCT_UNKNOWN');
    given().when(row({})).thenRefused('PRODUCT_UNKNOWN');
  });
});
