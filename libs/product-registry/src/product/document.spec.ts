import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { exampleEvents } from '#kernel/event-types.js';

import { productEvents } from './arbitraries.fixture.js';
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
