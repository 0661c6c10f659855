import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { exampleEvents } from '#kernel/event-types.js';

import { productEvents } from './arbitraries.fixture.js';
import { differences } from './differences.js';
import { evolveDocument, type ProductDocument } from './document.js';
import { type ProductEvent, productEvents as declared } from './events.js';

const fold = (...events: readonly ProductEvent[]): ProductDocument | null =>
  events.reduce<ProductDocument | null>(
    (document, event) => evolveDocument(document, 'p1', event),
    null,
  );

const productEventExamples = exampleEvents(declared);
const { ProductRegistered: registered, ElementsSet: elementsSet } = productEventExamples;

describe('a product’s document', () => {
  it('shows values as written, and a state only where nothing was submitted', () => {
    expect(fold(registered, elementsSet)?.elements).toEqual({
      EnergyCapacityNominal: { value: '10.24', unit: 'kWh', decimals: 2 },
      EfficiencyBatteryRoundTrip: {
        value: [{ percent: '98', inverter: 'Sol-Ark 5K' }],
        unit: 'percent',
      },
      PowerDCContinuousMax: { value: null, state: 'notSubmitted' },
    });
  });

  it('keeps a certification that was superseded and a listing that was withdrawn, marked so', () => {
    const document = fold(
      registered,
      productEventExamples.CertificationRecorded,
      productEventExamples.CertificationSuperseded,
      productEventExamples.ListingPublished,
      productEventExamples.ListingWithdrawn,
    );
    expect(document?.certifications).toMatchObject([
      { supersededBy: productEventExamples.CertificationSuperseded.data.by },
    ]);
    expect(document?.qualifications).toMatchObject([{ agency: 'CEC', state: 'withdrawn' }]);
  });

  it('folds any order of events without an error', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(...Object.values(productEvents))), (events) => {
        const document = fold(...events);
        expect(document === null).toBe(events.every(({ type }) => type !== 'ProductRegistered'));
      }),
    );
  });
});

describe('differences', () => {
  it('name each field that changed, with both values', () => {
    const before = fold(registered, elementsSet);
    const after = fold(registered, elementsSet, {
      type: 'ElementsSet',
      data: {
        elements: {
          EnergyCapacityNominal: { state: 'submitted', value: '10.3', unit: 'kWh', decimals: 1 },
        },
      },
    });
    expect(differences(before, after)).toEqual([
      { path: '/elements/EnergyCapacityNominal/value', from: '10.24', to: '10.3' },
      { path: '/elements/EnergyCapacityNominal/decimals', from: 2, to: 1 },
    ]);
  });

  it('name what appears and what vanishes leaf by leaf', () => {
    const before = fold(registered);
    const after = fold(registered, productEventExamples.CertificationRecorded);
    const { certificationId } = productEventExamples.CertificationRecorded.data;
    expect(differences(before, after)).toContainEqual({
      path: `/certifications/${certificationId}/agency`,
      from: null,
      to: 'CSA Group',
    });
    expect(differences(after, before)).toContainEqual({
      path: `/certifications/${certificationId}/agency`,
      from: 'CSA Group',
      to: null,
    });
    expect(differences(null, before)).toContainEqual({
      path: '/type',
      from: null,
      to: 'ProdBattery',
    });
  });

  it('are none between equal documents', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(...Object.values(productEvents))), (events) => {
        const document = fold(...events);
        expect(differences(document, structuredClone(document))).toEqual([]);
      }),
    );
  });
});
