import { describe, expect, it } from 'vitest';

import { commandMeta, givenFor } from '#testing/decider-spec.js';

import * as commands from './commands.js';
import { productDecider } from './decider.js';
import type { ProductEvent } from './events.js';
import { openConflicts } from './reconcile.js';

const given = givenFor(productDecider);
const list = 'cec-batteries';
const id = 'product-1';
const key = { manufacturerId: 'maker-1', modelKey: 'EFL-48' };

const registered: ProductEvent = {
  type: 'ProductRegistered',
  data: { productType: 'ProdBattery', model: 'EFL-48', code: 'ABC-EFL_48', ...key, list },
};
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
const row = (
  facts: Partial<commands.ListedFacts>,
  lookedUp: commands.ReconcileListing['lookedUp'] = key,
) =>
  new commands.ReconcileListing(
    id,
    {
      list,
      productType: 'ProdBattery',
      manufacturer: 'ABC',
      model: 'EFL-48',
      elements: {},
      ...facts,
    },
    commandMeta({ source: 'import' }),
    lookedUp,
  );
const listed = (value: string) =>
  row({ elements: { EnergyCapacityNominal: { value, unit: 'kWh' } } });
const conflictsOf = ({ data }: commands.ReconcileListing, ...before: readonly ProductEvent[]) => {
  const { state } = given(...before);
  return state.status === 'absent' ? [] : openConflicts(data, state);
};
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

describe('a certification in a list', () => {
  const fact: commands.CertificationFact = {
    agency: 'TUV',
    standard: 'UL1973',
    edition: null,
    certificateDate: '2024-12-26',
  };
  const newer = { ...fact, agency: 'CSA Group', certificateDate: '2025-12-29' };
  const recorded = (certificationId: string, of = fact, from?: string): ProductEvent => ({
    type: 'CertificationRecorded',
    data: { certificationId, ...of, ...(from !== undefined && { list: from }) },
  });

  it('replaces the one that the list named before, of whichever agency', () => {
    const [first, second] = productDecider.decide(
      row({ certification: newer }),
      given(registered, recorded('c1', fact, list)).state,
    );
    expect(first).toMatchObject({
      type: 'CertificationRecorded',
      data: { agency: 'CSA Group', list },
    });
    expect(second).toMatchObject({
      type: 'CertificationSuperseded',
      data: { certificationId: 'c1' },
    });
  });

  it('confirms what a person recorded, once', () => {
    const after = given(registered, recorded('c1'))
      .when(row({ certification: fact }))
      .then(recorded('c1', fact, list));
    expect(after).toMatchObject({ certifications: [{ certificationId: 'c1', by: 'person' }] });
    expect(productDecider.decide(row({ certification: fact }), after)).toEqual([]);
  });

  it('is the same one where the list leaves the edition out', () => {
    const dated = { ...fact, edition: 'Ed. 3 : 2022' };
    const known = recorded('c1', dated);
    const word = recorded('c1', dated, list);
    given(registered, word)
      .when(row({ certification: fact }))
      .thenNothing();
    given(registered, known)
      .when(row({ certification: fact }))
      .then(word);
  });

  it('waits where a person’s other one stands', () => {
    expect(conflictsOf(row({ certification: newer }), registered, recorded('c1'))).toMatchObject([
      { path: '/certifications/UL1973', listed: newer, standing: { certificationId: 'c1' } },
    ]);
  });

  it('is withdrawn by a list that no longer names it, until it does again', () => {
    const gone: ProductEvent = {
      type: 'CertificationWithdrawnByList',
      data: { certificationId: 'c1', list },
    };
    const after = given(registered, recorded('c1', fact, list))
      .when(row({ certification: null, elements: { Description: { value: 'rack' } } }))
      .then(
        {
          type: 'ElementsSet',
          data: { elements: { Description: { state: 'submitted', value: 'rack' } }, list },
        },
        gone,
      );
    expect(after).toMatchObject({ certifications: [{ withdrawnBy: list, supersededBy: null }] });
    expect(productDecider.decide(row({ certification: null }), after)).toEqual([]);
    const again = given(registered, recorded('c1', fact, list), gone)
      .when(row({ certification: fact }))
      .then(recorded('c1', fact, list));
    expect(again).toMatchObject({ certifications: [{ certificationId: 'c1' }] });
    expect(JSON.stringify(again)).not.toContain('withdrawnBy');
  });

  it('is completed by its edition, and supersedes nothing', () => {
    const whole = { ...fact, edition: 'Ed. 3 : 2022' };
    for (const from of [list, undefined]) {
      const after = given(registered, recorded('c1', fact, from))
        .when(row({ certification: whole }))
        .then(recorded('c1', whole, list));
      expect(after).toMatchObject({
        certifications: [{ ...whole, certificationId: 'c1', supersededBy: null }],
      });
      expect(productDecider.decide(row({ certification: whole }), after)).toEqual([]);
    }
  });

  it.each(['TUV', 'CSA Group'])('by %s supersedes no newer one', (agency) => {
    const older = { ...fact, agency, certificateDate: '2021-01-01' };
    const [first, second, ...more] = productDecider.decide(
      row({ certification: older }),
      given(registered, recorded('c1', fact, list)).state,
    );
    expect(first).toMatchObject({ type: 'CertificationRecorded', data: { ...older, list } });
    expect(second).toMatchObject({ type: 'CertificationSuperseded', data: { by: 'c1' } });
    expect(more).toEqual([]);
  });

  it('is the former one where the list goes back to it, and stays superseded', () => {
    const back = given(registered, recorded('c1', fact, list), recorded('c2', newer, list), {
      type: 'CertificationSuperseded',
      data: { certificationId: 'c1', by: 'c2', list },
    })
      .when(row({ certification: fact }))
      .then(recorded('c1', fact, list));
    expect(back).toMatchObject({
      certifications: [
        { certificationId: 'c1', supersededBy: 'c2' },
        { certificationId: 'c2', supersededBy: null },
      ],
    });
  });

  it('stands where the list has no such column', () => {
    given(registered, recorded('c1', fact, list))
      .when(row({}))
      .thenNothing();
  });
});

describe('a listing in a list', () => {
  const said = { agency: 'CEC', listingDate: '2025-02-11', lastUpdate: null, notes: null };
  const published = (more: object = {}): ProductEvent => ({
    type: 'ListingPublished',
    data: { ...said, remarks: { Brand1: 'x' }, ...more, list },
  });

  it('is published and revised; what the row does not say stands', () => {
    given(registered)
      .when(
        row({ listing: { agency: 'CEC', listingDate: '2025-02-11', remarks: { Brand1: 'x' } } }),
      )
      .then(published());
    given(registered, published())
      .when(
        row({ listing: { agency: 'CEC', lastUpdate: '2026-02-02', remarks: { Brand1: null } } }),
      )
      .then({
        type: 'ListingRevised',
        data: { ...said, lastUpdate: '2026-02-02', remarks: {}, list },
      });
    given(registered, published())
      .when(row({ listing: { agency: 'CEC', remarks: {} } }))
      .thenNothing();
  });

  const byPerson: ProductEvent = {
    type: 'ListingRevised',
    data: { ...said, remarks: { Brand1: 'x' }, notes: 'checked' },
  };

  it('names the fields in which it meets a person’s word, and takes the others', () => {
    const before = [registered, published(), byPerson];
    const both = row({
      listing: { agency: 'CEC', notes: 'Formerly X', lastUpdate: '2025-06-21', remarks: {} },
    });
    expect(conflictsOf(both, ...before)).toEqual([
      { path: '/qualifications/CEC/notes', listed: 'Formerly X', standing: 'checked' },
    ]);
    const taken = { ...said, lastUpdate: '2025-06-21', remarks: { Brand1: 'x' } };
    const after = given(...before)
      .when(both)
      .then({
        type: 'ListingRevised',
        data: { ...taken, notes: 'checked', list, said: taken },
      });
    if (after.status === 'absent') throw new Error('the product is gone');
    expect(after.listings['CEC']).toMatchObject({ by: 'person', value: { notes: 'checked' } });
    expect(openConflicts(both.data, after)).toHaveLength(1);
    expect(productDecider.decide(both, after)).toEqual([]);
  });

  it('waits where its update date goes back, and takes the rest', () => {
    const before = [registered, published({ lastUpdate: '2025-12-11' })];
    for (const lastUpdate of ['2025-06-21', null]) {
      const back = row({ listing: { agency: 'CEC', lastUpdate, notes: 'new', remarks: {} } });
      expect(conflictsOf(back, ...before)).toEqual([
        {
          path: '/qualifications/CEC/lastUpdate',
          listed: lastUpdate,
          standing: '2025-12-11',
          cause: 'goesBack',
        },
      ]);
      const after = given(...before)
        .when(back)
        .then({
          type: 'ListingRevised',
          data: { ...said, lastUpdate: '2025-12-11', notes: 'new', remarks: { Brand1: 'x' }, list },
        });
      expect(productDecider.decide(back, after)).toEqual([]);
    }
  });
});
