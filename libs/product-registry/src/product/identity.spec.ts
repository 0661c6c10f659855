import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { commandMeta } from '#testing/decider-spec.js';

import { productEvents } from './arbitraries.fixture.js';
import { AbsorbProduct, ReleaseProduct } from './commands.js';
import { productDecider, type ProductState, type RegisteredProduct } from './decider.js';
import { evolveDocument, type ProductDocument } from './document.js';
import type { ProductEvent } from './events.js';

const meta = commandMeta();
const merger = { productId: 'twin', mergerId: 'm1' };

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

const facts: fc.Arbitrary<readonly ProductEvent[]> = fc.array(
  fc.oneof(
    ...[productEvents.ElementsSet, productEvents.ElementsWithdrawn],
    ...[productEvents.CertificationRecorded, productEvents.CertificationSuperseded],
    ...[productEvents.ListingPublished, productEvents.ListingRevised],
    productEvents.ListingWithdrawn,
  ),
  { maxLength: 8 },
);

/** Ids of certifications are of one product alone. */
const twinFacts = facts.map(
  (events) =>
    JSON.parse(
      JSON.stringify(events).replaceAll(/"c([123])"/g, '"t$1"'),
    ) as readonly ProductEvent[],
);

const fold = (events: readonly ProductEvent[], from: ProductState = productDecider.initialState) =>
  events.reduce(productDecider.evolve, from) as RegisteredProduct;
const shown = (events: readonly ProductEvent[]) =>
  events.reduce<ProductDocument | null>(
    (document, event) => evolveDocument(document, 'own', event),
    null,
  );

const absorb = (own: ProductState, twin: RegisteredProduct) =>
  productDecider.decide(new AbsorbProduct('own', merger, meta, twin), own);
const release = (own: ProductState) =>
  productDecider.decide(new ReleaseProduct('own', merger, meta), own);

describe('a product that absorbs another', () => {
  it('loses nothing of its own, and gains what it had not', () => {
    fc.assert(
      fc.property(facts, twinFacts, (ownFacts, ofTwin) => {
        const [own, twin] = [fold([registered, ...ownFacts]), fold([registered, ...ofTwin])];
        const after = fold(absorb(own, twin), own);
        for (const [name, standing] of Object.entries(own.elements))
          expect(after.elements[name]).toEqual(standing);
        for (const [name, { value }] of Object.entries(twin.elements))
          if (value !== null) expect(after.elements[name]).toBeDefined();
        const ids = new Set(after.certifications.map((one) => one.certificationId));
        expect(ids.size).toBe(after.certifications.length);
        for (const { agency, standard, certificateDate } of twin.certifications)
          expect(after.certifications).toContainEqual(
            expect.objectContaining({ agency, standard, certificateDate }),
          );
        for (const [agency, { value }] of Object.entries(twin.listings))
          if (value !== null) expect(after.listings[agency]).toBeDefined();
      }),
    );
  });

  it('shows what it decides on', () => {
    fc.assert(
      fc.property(facts, twinFacts, (ownFacts, ofTwin) => {
        const before = [registered, ...ownFacts];
        const own = fold(before);
        const events = absorb(own, fold([registered, ...ofTwin]));
        const [after, document] = [fold(events, own), shown([...before, ...events])];
        const current = Object.entries(after.elements).filter(([, { value }]) => value !== null);
        expect(Object.keys(document?.elements ?? {}).sort()).toEqual(
          current.map(([name]) => name).sort(),
        );
        expect(document?.certifications.map(({ id, supersededBy }) => [id, supersededBy])).toEqual(
          after.certifications.map((one) => [one.certificationId, one.supersededBy]),
        );
        for (const { agency, state } of document?.qualifications ?? [])
          expect(after.listings[agency]?.value !== null).toBe(state === 'listed');
      }),
    );
  });

  it('is as it was before, and shown so, once it releases it', () => {
    fc.assert(
      fc.property(facts, twinFacts, (ownFacts, ofTwin) => {
        const before = [registered, ...ownFacts];
        const own = fold(before);
        const absorbed = absorb(own, fold([registered, ...ofTwin]));
        const released = release(fold(absorbed, own));
        const after = fold([...absorbed, ...released], own);
        expect({ ...after, absorbed: [] }).toEqual(own);
        expect(shown([...before, ...absorbed, ...released])).toEqual(shown(before));
        // The same merger again is no other one.
        expect(absorb(after, fold([registered, ...ofTwin]))).toEqual([]);
        expect(release(after)).toEqual([]);
      }),
    );
  });

  it('knows the newest list also once it releases it', () => {
    const list = 'cec-batteries';
    const said = (asOf: string): ProductEvent => ({ type: 'ListRepeated', data: { list, asOf } });
    const own = fold([registered, said('2025-06-10')]);
    const merged = fold(absorb(own, fold([registered])), own);
    const named = fold([said('2026-02-11')], merged);
    expect(fold(release(named), named).lists[list]).toMatchObject({ asOf: '2026-02-11' });
  });
});
