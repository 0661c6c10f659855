import fc from 'fast-check';

import type { ElementInput, ElementInputs } from '../read-elements.js';
import type { CertificationFact } from './commands.js';
import type { Listing, ProductEvent } from './events.js';

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 });
const date = fc.constantFrom('2024-01-31', '2025-06-10', '2026-02-11');
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const fromList = fc.constantFrom(
  {},
  { list: 'cec-batteries' },
  { list: 'other-list' },
  { list: 'cec-batteries', asOf: '2026-02-11' },
);

const decimal = fc
  .tuple(fc.nat(99_999), fc.stringMatching(/^\d{0,6}$/))
  .map(([whole, fraction]) => (fraction === '' ? String(whole) : `${String(whole)}.${fraction}`));

const energy: fc.Arbitrary<ElementInput> = decimal.map((value) => ({ value, unit: 'kWh' }));
const chemistry: fc.Arbitrary<ElementInput> = fc
  .constantFrom('LiFePO4', 'LiIon', 'LeadAcid')
  .map((value) => ({ value }));
const efficiency: fc.Arbitrary<ElementInput> = fc.constantFrom<ElementInput>(
  { value: [{ percent: '98', inverter: 'Sol-Ark 5K' }], unit: 'percent' },
  { state: 'notSubmitted', raw: 'No Information Submitted' },
  { state: 'unparsed', raw: '89 [Sanctuary 3' },
);

/** Valid inputs for some elements of a battery. */
export const elementInputs: fc.Arbitrary<ElementInputs> = fc
  .record(
    {
      EnergyCapacityNominal: energy,
      EnergyCapacityUsable: energy,
      BatteryChemistryType: chemistry,
      EfficiencyBatteryRoundTrip: efficiency,
    },
    { requiredKeys: [] },
  )
  .map((inputs) => inputs as ElementInputs);

export const certificationFact: fc.Arbitrary<CertificationFact> = fc.record({
  agency: fc.constantFrom('UL', 'CSA Group'),
  standard: fc.constantFrom('UL1973', 'UL9540'),
  edition: maybe(fc.constantFrom('Ed. 2 : 2018', 'Ed. 3 : 2022')),
  certificateDate: maybe(date),
});

export const listing: fc.Arbitrary<Listing> = fc.record({
  agency: fc.constantFrom('CEC', 'HECO'),
  listingDate: maybe(date),
  lastUpdate: maybe(date),
  notes: maybe(text),
  remarks: fc.dictionary(fc.constantFrom('Brand1', 'Declaration'), text),
});

const productId = fc.constantFrom('p1', 'p2');
const mergerId = fc.constantFrom('m1', 'm2');
const released = fc.constantFrom({}, { released: true as const });
const certificationId = fc.constantFrom('c1', 'c2', 'c3');
const elements = fc.dictionary(
  fc.constantFrom('EnergyCapacityNominal', 'Description'),
  fc.record(
    {
      state: fc.constantFrom('submitted', 'notSubmitted', 'unparsed'),
      value: fc.oneof(
        text,
        fc.boolean(),
        fc.constant(null),
        fc.array(fc.record({ percent: decimal, inverter: text })),
      ),
      unit: fc.constantFrom('kWh', 'percent'),
      decimals: fc.nat(9),
      raw: text,
    },
    { requiredKeys: ['state', 'value'] },
  ),
);

/** Any event of each type, in any shape that its type allows. */
export const productEvents: {
  readonly [T in ProductEvent['type']]: fc.Arbitrary<Extract<ProductEvent, { type: T }>>;
} = {
  ProductRegistered: fc
    .record({
      manufacturerId: fc.uuid(),
      model: text,
      modelKey: text,
      code: maybe(text),
      from: fromList,
    })
    .map(({ from, ...data }) => ({
      type: 'ProductRegistered',
      data: { productType: 'ProdBattery', ...data, ...from },
    })),
  ProdCodeAssigned: fc
    .record({ code: text, previous: maybe(text) })
    .map((data) => ({ type: 'ProdCodeAssigned', data })),
  ElementsSet: fc
    .tuple(elements, fromList)
    .map(([set, from]) => ({ type: 'ElementsSet', data: { elements: set, ...from } as never })),
  ElementsWithdrawn: fc
    .tuple(fc.array(fc.constantFrom('EnergyCapacityNominal', 'Description')), fromList)
    .map(([names, from]) => ({ type: 'ElementsWithdrawn', data: { names, ...from } })),
  CertificationRecorded: fc
    .tuple(certificationId, certificationFact, fromList)
    .map(([id, fact, from]) => ({
      type: 'CertificationRecorded',
      data: { certificationId: id, ...fact, ...from },
    })),
  CertificationSuperseded: fc
    .tuple(certificationId, certificationId, fromList)
    .map(([id, by, from]) => ({
      type: 'CertificationSuperseded',
      data: { certificationId: id, by, ...from },
    })),
  CertificationWithdrawnByList: fc
    .record({ certificationId, list: fc.constantFrom('cec-batteries', 'other-list') })
    .map((data) => ({ type: 'CertificationWithdrawnByList', data })),
  ListedValueDeclined: fc
    .tuple(listing, fc.constantFrom('cec-batteries', 'other-list'))
    .map(([one, list]) => ({ type: 'ListedValueDeclined', data: { list, listing: one } })),
  ListedNameDeclined: fc
    .record({
      list: fc.constantFrom('cec-batteries', 'other-list'),
      ...{ manufacturer: text, model: text },
    })
    .map((data) => ({ type: 'ListedNameDeclined', data })),
  ListRepeated: fc
    .record({ list: fc.constantFrom('cec-batteries', 'other-list'), asOf: date })
    .map((data) => ({ type: 'ListRepeated', data })),
  ListingPublished: fc
    .tuple(listing, fromList)
    .map(([data, from]) => ({ type: 'ListingPublished', data: { ...data, ...from } })),
  ListingRevised: fc
    .tuple(listing, fromList, fc.option(listing, { nil: undefined }))
    .map(([data, from, said]) => ({
      type: 'ListingRevised',
      data: { ...data, ...from, ...(said && 'list' in from && { said }) },
    })),
  ListingWithdrawn: fc
    .tuple(fc.constantFrom('CEC', 'HECO'), fromList)
    .map(([agency, from]) => ({ type: 'ListingWithdrawn', data: { agency, ...from } })),
  ProductTransferred: fc
    .record({ manufacturerId: fc.uuid(), previous: fc.uuid(), from: date })
    .chain((data) => released.map((more) => ({ ...data, ...more })))
    .map((data) => ({ type: 'ProductTransferred', data })),
  ModelRenamed: fc
    .tuple(fc.record({ model: text, previous: text }), released)
    .map(([data, more]) => ({ type: 'ModelRenamed', data: { ...data, ...more } })),
  MergerPrepared: productId.map((id) => ({ type: 'MergerPrepared', data: { productId: id } })),
  ProductMerged: fc
    .record({ into: productId, mergerId })
    .map((data) => ({ type: 'ProductMerged', data })),
  ProductAbsorbed: fc
    .record({
      productId,
      mergerId,
      elements,
      certifications: fc.array(
        fc
          .tuple(certificationId, certificationFact, maybe(certificationId))
          .map(([id, fact, supersededBy]) => ({
            ...{ certificationId: id, ...fact, supersededBy },
            by: 'list' as const,
          })),
        { maxLength: 2 },
      ),
      superseded: fc.array(fc.record({ certificationId, by: certificationId }), { maxLength: 1 }),
      listings: fc.array(
        listing.map((one) => ({ ...one, by: 'list' as const })),
        { maxLength: 1 },
      ),
    })
    .map(({ elements: set, ...data }) => ({
      type: 'ProductAbsorbed',
      data: {
        ...data,
        elements: set as never,
        products: [
          { productId: data.productId, manufacturerId: data.productId, model: 'M', code: null },
        ],
        identities: [{ manufacturerId: data.productId, modelKey: 'M' }],
        personal: Object.keys(set),
        lists: {},
      },
    })),
  ProductReleased: fc
    .record({
      ...{ productId, mergerId },
      elements: fc.array(fc.constantFrom('EnergyCapacityNominal', 'Description')),
      certifications: fc.array(certificationId),
      restored: fc.array(certificationId),
      listings: fc.array(
        listing.map((one) => ({ ...one, state: 'listed' as const })),
        { maxLength: 1 },
      ),
      unlisted: fc.array(fc.constantFrom('CEC', 'HECO')),
    })
    .map((data) => ({ type: 'ProductReleased', data })),
  ProductSplit: fc
    .record({ from: productId, mergerId })
    .map((data) => ({ type: 'ProductSplit', data })),
};
