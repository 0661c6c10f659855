import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { upcast } from '#event-log/codec.js';
import type { StoredEvent } from '#event-log/event-log.js';

import { manufacturerDecider } from './manufacturer/decider.js';
import type { ManufacturerEvent } from './manufacturer/events.js';
import { productDecider } from './product/decider.js';
import { evolveDocument, type ProductDocument } from './product/document.js';
import type { ProductEvent } from './product/events.js';

// The fixtures are what is on somebody's disk: entries are added, never changed.

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'));
const stored = (name: string) => fixture(name) as readonly StoredEvent[];

describe('what was stored once', () => {
  const products = stored('product.stored.json').map((event) =>
    upcast<ProductEvent>(productDecider, event),
  );
  const manufacturers = stored('manufacturer.stored.json').map((event) =>
    upcast<ManufacturerEvent>(manufacturerDecider, event),
  );

  it('still folds to the same product', () => {
    const document = products.reduce<ProductDocument | null>(
      (before, event) => evolveDocument(before, 'p1', event),
      null,
    );
    expect(document).toEqual(fixture('product.document.json'));
    const state = products.reduce(productDecider.evolve, productDecider.initialState);
    expect(state).toMatchObject({
      code: 'RENEN-RB_5_1H',
      codes: ['RENON-RB_5_1H', 'RENEN-RB_5_1H'],
      elements: {
        EnergyCapacityNominal: { by: 'person', value: { value: '5.10' } },
        EnergyCapacityUsable: { by: 'person', value: null },
        PowerDCContinuousMax: { by: 'list', value: null },
        BatteryChemistryType: { by: 'list' },
      },
      lists: { 'cec-batteries': { elements: { EnergyCapacityNominal: { value: '5.12' } } } },
      listings: { CEC: { by: 'person', value: null } },
    });
  });

  it('still folds to the same manufacturer', () => {
    expect(
      manufacturers.reduce(manufacturerDecider.evolve, manufacturerDecider.initialState),
    ).toEqual({
      status: 'registered',
      name: 'Discover Energy Corp.',
      aliases: ['Discover Energy Systems Corp.'],
      code: 'DSCVR',
      codeRule: 'manual',
      codes: ['DISCO', 'DISCE', 'DSCVR'],
      absorbed: ['0d4b3a4e-5a0c-5f5b-8a5c-000000000005'],
      mergedInto: '0d4b3a4e-5a0c-5f5b-8a5c-000000000006',
    });
  });

  it('has every type that is stored today', () => {
    const types = [...products, ...manufacturers].map(({ type }) => type);
    const known = [
      ...Object.keys(productDecider.events),
      ...Object.keys(manufacturerDecider.events),
    ];
    expect([...new Set<string>(types)].sort()).toEqual(known.sort());
  });
});
