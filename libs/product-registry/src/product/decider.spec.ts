import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decode, encode } from '#event-log/codec.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { certificationFact, elementInputs, listing, productEvents } from './arbitraries.fixture.js';
import { certificationIdOf } from './certifications.js';
import { productCommandExamples } from './command-examples.fixture.js';
import * as commands from './commands.js';
import { productDecider } from './decider.js';
import type { ProductEvent } from './events.js';

const given = givenFor(productDecider);
const id = 'product-1';
const meta = commandMeta();
const registered: ProductEvent = {
  type: 'ProductRegistered',
  data: {
    productType: 'ProdBattery',
    manufacturerId: 'maker-1',
    model: 'EFL-48',
    modelKey: 'EFL-48',
    code: 'ABC-EFL_48',
  },
};
const capacity = (value: string, list?: string): ProductEvent => ({
  type: 'ElementsSet',
  data: {
    elements: {
      EnergyCapacityNominal: {
        state: 'submitted',
        value,
        unit: 'kWh',
        decimals: value.split('.')[1]?.length ?? 0,
      },
    },
    ...(list !== undefined && { list }),
  },
});
const setCapacity = (value: string) =>
  new commands.SetElements(
    id,
    { elements: { EnergyCapacityNominal: { value, unit: 'kWh' } } },
    meta,
  );

describe('a product', () => {
  it('is registered with its elements in one decision', () => {
    given()
      .when(
        new commands.RegisterProduct(
          id,
          {
            productType: 'ProdBattery',
            manufacturer: 'ABC Inc.',
            model: ' EFL- 48 ',
            elements: { EnergyCapacityNominal: { value: '5.40', unit: 'kWh' } },
          },
          meta,
          { manufacturerId: 'maker-1', modelKey: 'EFL-48', code: 'ABC-EFL_48' },
        ),
      )
      .then(
        {
          ...registered,
          data: { ...registered.data, raw: { model: ' EFL- 48 ' } },
        },
        capacity('5.40'),
      );
  });

  it('holds its model and every code that it ever had', () => {
    const { state } = given(registered, {
      type: 'ProdCodeAssigned',
      data: { code: 'XYZ-EFL_48', previous: 'ABC-EFL_48' },
    });
    expect(productDecider.keys?.(state, 'one')).toEqual([
      { kind: 'product', value: 'maker-1 EFL-48' },
      { kind: 'prodCode', value: 'ABC-EFL_48' },
      { kind: 'prodCode', value: 'XYZ-EFL_48' },
    ]);
  });

  it('records only the elements that differ', () => {
    given(registered, capacity('5.4')).when(setCapacity('5.4')).thenNothing();
    given(registered, capacity('5.4')).when(setCapacity('5.40')).then(capacity('5.40'));
  });

  it('withdraws only what is there, and takes it up again', () => {
    const withdraw = new commands.WithdrawElements(
      id,
      { names: ['EnergyCapacityNominal', 'Description'] },
      meta,
    );
    const gone: ProductEvent = {
      type: 'ElementsWithdrawn',
      data: { names: ['EnergyCapacityNominal'] },
    };
    given(registered, capacity('5.4')).when(withdraw).then(gone);
    given(registered, capacity('5.4'), gone).when(withdraw).thenNothing();
    given(registered, capacity('5.4'), gone).when(setCapacity('5.4')).then(capacity('5.4'));
  });

  it.each(Object.values(productCommandExamples))(
    'meets $type without a registration',
    (command) => {
      if (command.type === 'RegisterProduct' || command.type === 'ReconcileListing')
        expect(productDecider.decide(command, given().state)).not.toEqual([]);
      else given().when(command).thenRefused('PRODUCT_UNKNOWN');
    },
  );
});

describe('a certification', () => {
  const fact = {
    agency: 'UL',
    standard: 'UL1973',
    edition: 'Ed. 2 : 2018',
    certificateDate: '2022-02-02',
  };
  const recorded = (certificationId: string, more: object = {}): ProductEvent => ({
    type: 'CertificationRecorded',
    data: { certificationId, ...fact, ...more },
  });
  const record = (more: object = {}) =>
    new commands.RecordCertification(id, { ...fact, ...more }, meta);
  const newId = certificationIdOf(meta.commandId, fact);

  it('supersedes an older one of its agency and standard', () => {
    given(registered, recorded('c1'))
      .when(record({ certificateDate: '2025-01-01' }))
      .then(recorded(newId, { certificateDate: '2025-01-01' }), {
        type: 'CertificationSuperseded',
        data: { certificationId: 'c1', by: newId },
      });
  });

  it.each([{ agency: 'CSA Group' }, { edition: 'Ed. 3 : 2022' }, { certificateDate: null }])(
    'stands beside one that differs by %j',
    (more) => {
      given(registered, recorded('c1')).when(record(more)).then(recorded(newId, more));
    },
  );

  it('supersedes the one that it names', () => {
    given(registered, recorded('c1'))
      .when(record({ agency: 'CSA Group', supersedes: 'c1' }))
      .then(recorded(newId, { agency: 'CSA Group' }), {
        type: 'CertificationSuperseded',
        data: { certificationId: 'c1', by: newId },
      });
  });

  it('is not superseded twice, by itself, or where it does not exist', () => {
    const supersede = (certificationId: string, by: string) =>
      new commands.SupersedeCertification(id, { certificationId, by }, meta);
    const two = [recorded('c1'), recorded('c2', { agency: 'CSA Group' })];
    const done: ProductEvent = {
      type: 'CertificationSuperseded',
      data: { certificationId: 'c1', by: 'c2' },
    };
    given(registered, ...two)
      .when(supersede('c1', 'c2'))
      .then(done);
    given(registered, ...two, done)
      .when(supersede('c1', 'c2'))
      .thenNothing();
    given(registered, ...two, done)
      .when(supersede('c2', 'c1'))
      .thenRefused('CERTIFICATION_ALREADY_SUPERSEDED');
    given(registered, ...two)
      .when(supersede('c1', 'c1'))
      .thenRefused('CERTIFICATION_SUPERSEDES_ITSELF');
    given(registered, ...two)
      .when(supersede('c1', 'c9'))
      .thenRefused('CERTIFICATION_UNKNOWN');
  });

  it('names the field of a certification that it cannot supersede', () => {
    const refusal = given(registered, recorded('c1'))
      .when(record({ supersedes: 'c9' }))
      .thenRefused('CERTIFICATION_UNKNOWN');
    expect(refusal.details.errors).toEqual([
      {
        pointer: '/supersedes',
        reason: 'expected the id of a certification of this product',
      },
    ]);
  });
});

describe('a listing', () => {
  const said = {
    agency: 'CEC',
    listingDate: '2025-02-11',
    lastUpdate: null,
    notes: null,
    remarks: {},
  };
  const publish = (more: object = {}) =>
    new commands.PublishListing(id, { ...said, ...more }, meta);
  const published: ProductEvent = { type: 'ListingPublished', data: said };
  const withdraw = new commands.WithdrawListing(id, { agency: 'CEC' }, meta);
  const withdrawn: ProductEvent = { type: 'ListingWithdrawn', data: { agency: 'CEC' } };

  it('is published, revised, withdrawn and published again', () => {
    given(registered).when(publish()).then(published);
    given(registered, published)
      .when(publish({ notes: 'x' }))
      .then({ type: 'ListingRevised', data: { ...said, notes: 'x' } });
    given(registered, published).when(withdraw).then(withdrawn);
    given(registered, published, withdrawn).when(withdraw).thenNothing();
    given(registered, published, withdrawn).when(publish()).then(published);
    given(registered).when(withdraw).thenRefused('LISTING_UNKNOWN');
  });

  const list = 'cec-batteries';
  const delist = (asOf?: string) =>
    new commands.WithdrawListing(id, { agency: 'CEC', list, ...(asOf && { asOf }) }, meta);

  it('is withdrawn on the word of a list that does not name it, unless a newer one does', () => {
    const listed: ProductEvent = {
      type: 'ListingPublished',
      data: { ...said, list, asOf: '2025-06-10' },
    };
    const repeated: ProductEvent = { type: 'ListRepeated', data: { list, asOf: '2026-05-01' } };
    const data = { agency: 'CEC', list, asOf: '2026-02-11' };
    const after = given(registered, listed)
      .when(delist('2026-02-11'))
      .then({ type: 'ListingWithdrawn', data });
    expect(after).toMatchObject({
      listings: { CEC: { value: null, by: 'list' } },
      lists: { [list]: { listing: null, asOf: '2026-02-11' } },
    });
    const refusal = given(registered, listed, repeated)
      .when(delist('2026-02-11'))
      .thenRefused('PRODUCT_LISTED_AGAIN');
    expect(refusal.message).toContain('2026-05-01');
    given(registered, listed, withdrawn, repeated).when(delist('2026-02-11')).thenNothing();
    given(registered, listed)
      .when(delist())
      .then({ type: 'ListingWithdrawn', data: { agency: 'CEC', list } });
  });
});

describe('whatever happened before', () => {
  const history = fc.array(fc.oneof(...Object.values(productEvents)), { maxLength: 8 });
  const command = fc.oneof<fc.Arbitrary<commands.ProductCommands>[]>(
    elementInputs.map((elements) => new commands.SetElements(id, { elements }, meta)),
    fc
      .subarray(['EnergyCapacityNominal', 'Description'])
      .map((names) => new commands.WithdrawElements(id, { names }, meta)),
    certificationFact.map((data) => new commands.RecordCertification(id, data, meta)),
    listing.map((data) => new commands.PublishListing(id, data, meta)),
    fc.constantFrom('A-1', 'B-1').map((code) => new commands.AssignProdCode(id, { code }, meta)),
    fc.record({ elements: elementInputs, certification: certificationFact, listing }).map(
      (facts) =>
        new commands.ReconcileListing(
          id,
          {
            list: 'cec-batteries',
            productType: 'ProdBattery',
            manufacturer: 'm',
            model: 'x',
            ...facts,
          },
          meta,
          { manufacturerId: 'maker-1', modelKey: 'EFL-48' },
        ),
    ),
  );

  it('the same command a second time changes nothing', () => {
    fc.assert(
      fc.property(history, command, (events, asked) => {
        const before = given(registered, ...events).state;
        let made: readonly ProductEvent[];
        try {
          made = productDecider.decide(asked, before);
        } catch {
          return;
        }
        const after = made.reduce(productDecider.evolve, before);
        expect(productDecider.decide(asked, after)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it.each(Object.entries(productEvents))('%s survives being stored', (_, event) => {
    fc.assert(
      fc.property(event, (made: ProductEvent) => {
        expect(decode(encode(made.data))).toEqual(made.data);
      }),
    );
  });
});
