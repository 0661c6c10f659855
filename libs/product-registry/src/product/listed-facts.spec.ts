import { describe, expect, it } from 'vitest';

import type * as commands from './commands.js';
import { productDecider } from './decider.js';
import type { ProductEvent } from './events.js';
import { conflictsOf, given, list, registered, row } from './list-rows.fixture.js';
import { openConflicts } from './reconcile.js';

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
